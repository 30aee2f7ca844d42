"""What ended sessions leave in reference cycles."""

import asyncio
import gc
import weakref

import pytest

from server.live import sweep
from server.live.sweep import Sweep

pytestmark = pytest.mark.unit


class Part:
    """Refers to itself, as the parts of a session do."""

    def __init__(self) -> None:
        self.whole = self


@pytest.fixture(autouse=True)
def collector_waits() -> object:
    gc.disable()
    yield
    gc.enable()


async def test_cycles_are_freed_soon_after_a_session_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "PAUSE_S", 0.05)
    sweeping = Sweep()
    task = asyncio.get_running_loop().create_task(sweeping.run())
    left = weakref.ref(Part())
    await asyncio.sleep(0.2)
    assert left() is not None
    sweeping.due()
    async with asyncio.timeout(5):
        while left() is not None:
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
