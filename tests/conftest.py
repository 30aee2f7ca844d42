"""Rules for every test: one category per module, no task left behind."""

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
import pytest_asyncio
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["tests.fixtures.demo", "tests.fixtures.postgresql", "tests.fixtures.triton"]

CATEGORIES = {"unit", "contract", "integration", "browser", "interop", "architecture", "hardware"}


class ByWhatIsShared(LoadFileScheduling):  # type: ignore[misc]
    """Hands tests to workers module by module, but together what shares something that is expensive to start."""

    TOGETHER: ClassVar = {
        "demo": ("tests/integration/demo/", "tests/browser/test_end_to_end.py"),
        "triton": ("tests/contract/triton/", "tests/integration/pipeline/"),
    }

    def _split_scope(self, nodeid: str) -> str:
        module = str(super()._split_scope(nodeid))
        return next((name for name, paths in self.TOGETHER.items() if module.startswith(paths)), module)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByWhatIsShared:
    return ByWhatIsShared(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        marks = CATEGORIES & {mark.name for mark in item.iter_markers()}
        if len(marks) != 1:
            raise pytest.UsageError(
                f"{item.nodeid}: exactly one category of {sorted(CATEGORIES)}, found {marks}"
            )


@pytest_asyncio.fixture(autouse=True)
async def no_task_left_behind(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test whose coroutine leaves a task running."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    own = {asyncio.current_task()}
    left = {task for task in asyncio.all_tasks() - before - own if not task.done()}
    assert not left, f"tasks left running: {left}"
