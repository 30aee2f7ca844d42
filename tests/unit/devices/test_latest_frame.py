"""The newest preview frame wins."""

import asyncio

import numpy as np
import pytest

from station.devices import LatestFrame
from station.protocol import Frame, FrameHeader

pytestmark = pytest.mark.unit


def a_frame(frame_id: int) -> Frame:
    return Frame(FrameHeader(frame_id=frame_id, width=1, height=1), np.zeros((1, 1, 3), np.uint8))


async def test_a_reader_gets_the_newest_and_skips_the_rest() -> None:
    box = LatestFrame()
    for number in range(4):
        box.put(a_frame(number))
    assert (await box.get()).header.frame_id == 3
    assert box.dropped == 3
    assert box.received == 4


async def test_frames_seen_by_any_reader_are_not_dropped() -> None:
    box = LatestFrame()
    for number in range(3):
        box.put(a_frame(number))
        await box.get(number - 1)
    assert box.dropped == 0


async def test_looking_is_not_fetching() -> None:
    box = LatestFrame()
    for number in range(2):
        box.put(a_frame(number))
        assert box.latest is not None
    assert box.dropped == 1


async def test_every_waiting_reader_wakes() -> None:
    box = LatestFrame()
    readers = [asyncio.create_task(box.get(4)) for _ in range(3)]
    await asyncio.sleep(0)
    box.put(a_frame(4))
    await asyncio.sleep(0)
    assert not any(reader.done() for reader in readers)
    box.put(a_frame(5))
    assert {frame.header.frame_id for frame in await asyncio.gather(*readers)} == {5}


async def test_closing_lets_readers_go() -> None:
    box = LatestFrame()
    reader = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    box.close()
    box.close()
    with pytest.raises(EOFError):
        await reader
    box.put(a_frame(0))
    with pytest.raises(EOFError):
        await box.get()


async def test_a_cancelled_reader_leaves_nothing_behind() -> None:
    box = LatestFrame()
    reader = asyncio.create_task(box.get())
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait({reader})
    box.put(a_frame(0))
    assert (await box.get()).header.frame_id == 0
