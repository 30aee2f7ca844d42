"""Rules for every test: one category per module, no task left behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.fixtures.demo",
    "tests.fixtures.orthanc",
    "tests.fixtures.postgresql",
    "tests.fixtures.triton",
]

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

CATEGORIES = {"unit", "contract", "integration", "browser", "interop", "architecture", "hardware"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        _longest_first(items)
    for item in items:
        marks = CATEGORIES & {mark.name for mark in item.iter_markers()}
        if len(marks) != 1:
            raise pytest.UsageError(
                f"{item.nodeid}: exactly one category of {sorted(CATEGORIES)}, found {marks}"
            )


def _longest_first(items: list[pytest.Item]) -> None:
    """Whole modules that may take long go to the workers first, or one works on such a one when the others have ended."""
    limits: dict[Path, float] = {}
    for item in items:
        mark = item.get_closest_marker("timeout")
        limits[item.path] = max(limits.get(item.path, 0.0), mark.args[0] if mark else 0.0)
    items.sort(key=lambda item: -limits[item.path])


@pytest_asyncio.fixture(autouse=True)
async def no_task_left_behind(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    """Fail a test whose coroutine leaves a task running."""
    before = asyncio.all_tasks()
    yield
    await asyncio.sleep(0)
    own = {asyncio.current_task()}
    left = {task for task in asyncio.all_tasks() - before - own if not task.done()}
    assert not left, f"tasks left running: {left}"
