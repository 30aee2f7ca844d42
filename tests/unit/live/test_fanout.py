"""Forwarding coded frames to viewers."""

import asyncio

import pytest
from aiortc.mediastreams import MediaStreamError

from server.live.fanout import Fanout, ViewerTrack
from server.live.reassembly import EncodedFrame

pytestmark = pytest.mark.unit


class Clock:
    now = 10.0

    def __call__(self) -> float:
        return self.now


def frame(timestamp: int, key: bool = False) -> EncodedFrame:
    return EncodedFrame(timestamp, key, b"data")


def viewer() -> tuple[ViewerTrack, list[int], list[bool]]:
    pulled: list[int] = []
    wanted: list[bool] = []
    return ViewerTrack(lambda: wanted.append(True), pulled.append), pulled, wanted


async def test_a_viewer_begins_at_a_key_frame() -> None:
    fanout = Fanout()
    track, pulled, wanted = viewer()
    fanout.push(frame(900))
    fanout.join(track)
    fanout.push(frame(6900))
    assert wanted
    fanout.push(frame(12_900, key=True))
    fanout.push(frame(18_900))
    assert [(await track.recv()).pts for _ in range(2)] == [12_000, 18_000]
    assert pulled == [12_000]
    assert fanout.pts_of(18_900) == 18_000
    fanout.leave(track)
    track.stop()


async def test_a_slow_viewer_skips_to_a_key_frame_and_never_holds_much() -> None:
    fanout = Fanout()
    slow, _, _ = viewer()
    quick, _, _ = viewer()
    for track in (slow, quick):
        fanout.join(track)
    fanout.push(frame(0, key=True))
    for number in range(1, 40):
        assert (await quick.recv()).pts == (number - 1) * 6000
        fanout.push(frame(number * 6000, key=number == 36))
    assert slow.dropped > 20
    assert (await slow.recv()).pts == 36 * 6000
    assert quick.dropped == 0


async def test_the_clock_goes_on_when_the_booth_reconnects() -> None:
    clock = Clock()
    fanout = Fanout(clock=clock)
    fanout.push(frame(5000, key=True))
    clock.now += 2.0
    fanout.restart()
    assert fanout.pts_of(1) is None
    fanout.push(frame(4_000_000_000, key=True))
    assert fanout.pts_of(4_000_000_000) == 180_000


async def test_a_stopped_track_lets_its_reader_go() -> None:
    track, _, _ = viewer()
    reader = asyncio.create_task(track.recv())
    await asyncio.sleep(0)
    track.stop()
    with pytest.raises(MediaStreamError):
        await reader
