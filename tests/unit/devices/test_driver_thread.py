"""Native calls that do not come back keep nobody waiting."""

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from station.devices import driver_thread
from station.devices.driver_thread import DriverThread
from station.errors import DeviceUnavailable

pytestmark = pytest.mark.unit

LIMIT_S = 0.2
AT_ONCE_S = 5.0
"""Far below the limits of a real booth, far above those of this file."""


class Hang:
    """A call that comes back when the test lets it."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self.go_on = threading.Event()

    def __call__(self) -> str:
        self.began.set()
        self.go_on.wait(60)
        return "late"

    async def under_way(self) -> None:
        await asyncio.to_thread(self.began.wait, 30)


@pytest.fixture
def hang() -> Iterator[Hang]:
    hang = Hang()
    yield hang
    hang.go_on.set()
    for left in driver_thread._left_behind.values():
        left.join(30)  # or it is still there when the next test opens


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_thread, "CLOSE_LIMIT_S", LIMIT_S)


async def gone(thread: DriverThread) -> None:
    await asyncio.to_thread(thread._thread.join, 30)
    assert not thread._thread.is_alive()


async def test_calls_run_in_one_thread_in_their_order_and_the_last_lets_go() -> None:
    thread, told = DriverThread("lens"), list[str]()
    await thread.open(told.append, "open")
    assert await thread.run(lambda: threading.current_thread().name) == "lens"
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 / 0)
    await thread.close(lambda: told.append("release"))
    await thread.close(lambda: told.append("again"))
    assert told == ["open", "release"]
    await gone(thread)
    with pytest.raises(DeviceUnavailable, match="lens is closed"):
        await thread.run(told.append, "late")


async def test_a_thread_that_was_never_needed_has_nothing_to_let_go_of() -> None:
    await DriverThread("lens").close(lambda: pytest.fail("nothing was opened"))


async def test_what_lets_go_may_fail_in_its_own_words() -> None:
    def fail() -> None:
        raise DeviceUnavailable("stuck")

    thread = DriverThread("lens")
    await thread.open(lambda: None)
    with pytest.raises(DeviceUnavailable, match="stuck"):
        await thread.close(fail)
    await gone(thread)


@pytest.mark.usefixtures("short_patience")
async def test_closing_does_not_wait_for_a_call_that_hangs_and_the_log_says_so(
    hang: Hang, caplog: pytest.LogCaptureFixture
) -> None:
    released = threading.Event()
    thread = DriverThread("lens")
    await thread.open(lambda: None)
    waiting = asyncio.create_task(thread.run(hang))
    await hang.under_way()
    behind = asyncio.create_task(thread.run(lambda: None))
    await asyncio.sleep(0)
    with caplog.at_level(logging.ERROR):
        async with asyncio.timeout(AT_ONCE_S):
            await thread.close(released.set)
    (record,) = caplog.records
    assert "left behind" in record.getMessage()
    for call in (waiting, behind):
        with pytest.raises(DeviceUnavailable, match="does not come back"):
            await call
    assert not released.is_set()
    assert thread._thread.daemon  # else the interpreter would wait for it at its end
    hang.go_on.set()
    await gone(thread)
    assert released.is_set()  # the instrument is free again, late as it is


@pytest.mark.usefixtures("short_patience")
async def test_nobody_opens_beside_a_thread_that_was_left_behind(hang: Hang) -> None:
    thread = DriverThread("lens")
    opening = asyncio.create_task(thread.open(hang))
    await hang.under_way()
    opening.cancel()
    async with asyncio.timeout(AT_ONCE_S):
        await thread.close(lambda: None)
    with pytest.raises(DeviceUnavailable, match="unplug"):
        await DriverThread("lens").open(lambda: None)
    other = DriverThread("another lens")
    await other.open(lambda: None)
    await other.close(lambda: None)
    hang.go_on.set()
    await gone(thread)
    again = DriverThread("lens")
    assert await again.open(lambda: "open") == "open"
    await again.close(lambda: None)


@pytest.mark.usefixtures("short_patience")
async def test_opening_is_bounded(hang: Hang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_thread, "OPEN_LIMIT_S", LIMIT_S)
    thread = DriverThread("lens")
    async with asyncio.timeout(AT_ONCE_S):
        with pytest.raises(DeviceUnavailable, match="did not open"):
            await thread.open(hang)
        await thread.close(lambda: None)


async def test_a_cancelled_caller_lets_go_before_it_leaves(hang: Hang) -> None:
    released = threading.Event()
    thread = DriverThread("lens")
    await thread.open(lambda: None)
    waiting = asyncio.create_task(thread.run(hang))
    await hang.under_way()
    closing = asyncio.create_task(thread.close(released.set))
    await asyncio.sleep(0)
    hang.go_on.set()
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert released.is_set()
    assert await waiting == "late"


async def test_a_call_that_nobody_waits_for_any_more_is_not_begun(hang: Hang) -> None:
    thread, told = DriverThread("lens"), list[str]()
    await thread.open(lambda: None)
    first = asyncio.create_task(thread.run(hang))
    await hang.under_way()
    second = asyncio.create_task(thread.run(told.append, "second"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.wait({second})
    hang.go_on.set()
    await first
    await thread.close(lambda: told.append("release"))
    assert told == ["release"]
