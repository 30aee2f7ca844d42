"""Frames that wait for their overlays."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import av
import pytest

from server.live.holding import Hold

pytestmark = pytest.mark.unit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def offer(hold: Hold, *times: int) -> None:
    for pts in times:
        packet = av.Packet(b"frame")
        packet.pts = pts
        hold.offer(packet, pts == 0)


@asynccontextmanager
async def running(hold: Hold) -> AsyncIterator[None]:
    task = asyncio.create_task(hold.run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def test_an_overlay_lets_its_frame_and_all_before_it_go() -> None:
    gone: list[tuple[int | None, bool]] = []
    hold = Hold(lambda packet, key: gone.append((packet.pts, key)), deadline_s=60)
    async with running(hold):
        offer(hold, 0, 9, 18)
        await asyncio.sleep(0.02)
        assert gone == []
        hold.settle(9)
        assert gone == [(0, True), (9, False)]
        hold.settle(0)
        offer(hold, 27)
        hold.settle(27)
    assert [pts for pts, _ in gone] == [0, 9, 18, 27]
    assert hold.late == 0


async def test_an_overlay_that_was_quicker_than_its_frame_holds_nothing_up() -> None:
    gone: list[int | None] = []
    hold = Hold(lambda packet, key: gone.append(packet.pts), deadline_s=60)
    hold.settle(9)
    offer(hold, 9)
    assert gone == [9]


async def test_at_its_deadline_a_frame_goes_without_an_overlay() -> None:
    gone: list[int | None] = []
    hold = Hold(lambda packet, key: gone.append(packet.pts), deadline_s=0.05)
    async with running(hold):
        offer(hold, 0, 9)
        await until(lambda: len(gone) == 2)
        assert hold.late == 2
        offer(hold, 18)
        hold.settle(18)
        await asyncio.sleep(0.08)
        offer(hold, 27)
        await until(lambda: len(gone) == 4)
    assert gone == [0, 9, 18, 27]
    assert hold.late == 3


async def test_the_next_frame_waits_for_its_own_deadline() -> None:
    clock, gone = Clock(), list[int | None]()
    hold = Hold(lambda packet, key: gone.append(packet.pts), deadline_s=0.02, clock=clock)
    async with running(hold):
        offer(hold, 0)
        clock.now = 0.01
        offer(hold, 9)
        clock.now = 0.021
        await until(lambda: len(gone) == 1)
        await asyncio.sleep(0.03)
        assert gone == [0]
        clock.now = 0.03
        await until(lambda: len(gone) == 2)
