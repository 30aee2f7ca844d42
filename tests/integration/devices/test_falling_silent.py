"""A booth that is stopped, killed or hangs: its lamps are dark, with nobody there to switch them off."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from station.protocol import Light
from tests.contract.devices import light_counterparts
from tests.contract.devices.light_counterparts import WATCHED, Stand, stand

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
START_S = 60.0
DARK_AT_ONCE_S = 2.0
"""Less than any of them waits."""
LIT_S = 3.0
"""More than any of them waits."""
WATCHDOG_S = 2.5
"""Of a controller whose watchdog may be set, as long as a receiver of sACN waits: longer than a busy machine stands still."""


@pytest_asyncio.fixture
async def stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[list[Stand]]:
    """The counterpart of every driver whose controller has a watchdog."""
    monkeypatch.setattr(light_counterparts, "WATCHDOG_S", WATCHDOG_S)
    async with contextlib.AsyncExitStack() as opened:
        yield [await opened.enter_async_context(stand(kind, tmp_path)) for kind in WATCHED]


@pytest_asyncio.fixture
async def booth(stands: list[Stand]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that shines on every counterpart; gone at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-W",
        "error",
        "-m",
        "tests.integration.devices.lit_booth",
        json.dumps([dict(found.section) for found in stands]),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            assert await process.stdout.readline() == b"lit\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def show(stands: list[Stand], *shining: tuple[Light, float], limit_s: float = 20.0) -> None:
    async with asyncio.TaskGroup() as looking:
        for found in stands:
            looking.create_task(found.shows(*shining, limit_s=limit_s))


async def test_sigterm_is_dark_at_once(stands: list[Stand], booth: asyncio.subprocess.Process) -> None:
    await show(stands, (Light.WHITE, 0.5))
    booth.send_signal(signal.SIGTERM)
    async with asyncio.timeout(START_S):
        assert await booth.wait() == 0
    await show(stands, limit_s=DARK_AT_ONCE_S)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
async def test_the_controllers_go_dark_by_themselves(
    stands: list[Stand], booth: asyncio.subprocess.Process, end: signal.Signals
) -> None:
    await asyncio.sleep(LIT_S)
    await show(stands, (Light.WHITE, 0.5))
    booth.send_signal(end)
    await show(stands)
