"""JPEG pictures: the newest wins, coded only for those who watch, key frames on request."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import av
import cv2
import numpy as np
import pytest

from server.live import jpeg_stream
from server.live.decoding import DecodedFrame
from server.live.jpeg_stream import JpegStream
from server.live.pictures import rgb_of
from server.live.reassembly import EncodedFrame
from station.protocol import Overlay, PreviewOverlay

pytestmark = pytest.mark.unit


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


@dataclass
class Booth:
    """What a stream tells."""

    frames: list[EncodedFrame] = field(default_factory=list)
    pictures: list[DecodedFrame] = field(default_factory=list)
    answers: list[PreviewOverlay] = field(default_factory=list)
    watched: bool = True

    def stream(self, executor: ThreadPoolExecutor) -> JpegStream:
        return JpegStream(
            "booth1",
            executor,
            on_frame=self.frames.append,
            on_picture=self.pictures.append,
            watched=lambda: self.watched,
            answer=self.answer,
        )

    def answer(self, message: PreviewOverlay) -> bool:
        self.answers.append(message)
        return True

    async def shows(
        self, stream: JpegStream, number: int, level: int, size: tuple[int, int] = (48, 64)
    ) -> None:
        """Send one grey picture and wait until it was shown."""
        count = len(self.pictures)
        stream.take(number, jpeg(level, size))
        async with asyncio.timeout(10):
            while len(self.pictures) == count:
                await asyncio.sleep(0.005)


def jpeg(level: int, size: tuple[int, int] = (48, 64)) -> bytes:
    return cv2.imencode(".jpg", np.full((*size, 3), level, np.uint8))[1].tobytes()


async def test_frames_are_coded_for_those_who_watch(executor: ThreadPoolExecutor) -> None:
    booth = Booth(watched=False)
    stream = booth.stream(executor)
    running = asyncio.create_task(stream.run())
    await booth.shows(stream, 1, 40)
    assert (stream.encoded, stream.coding, booth.frames[0].data) == (0, False, b"")
    booth.watched = True
    for number, level in enumerate((80, 120, 200)):
        await booth.shows(stream, number, level)
    assert [one.key for one in booth.frames] == [False, True, False, False]
    codec = av.VideoCodecContext.create("libvpx", "r")
    for coded, made in zip(booth.frames[1:], booth.pictures[1:], strict=True):
        (shown,) = codec.decode(av.Packet(coded.data))
        assert abs(float(rgb_of(shown, 64).mean()) - float(rgb_of(made.picture, 64).mean())) < 3
        assert coded.timestamp == made.timestamp
    booth.watched = False
    await booth.shows(stream, 9, 40)
    assert not stream.coding
    await stream.close()
    await running


async def test_requests_for_key_frames_close_together_become_one(
    executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    booth = Booth()
    stream = booth.stream(executor)
    running = asyncio.create_task(stream.run())
    monkeypatch.setattr(jpeg_stream, "KEY_FRAME_INTERVAL_S", 3600.0)
    for number in range(4):
        stream.request_key_frame()
        await booth.shows(stream, number, 40 * number)
    assert [one.key for one in booth.frames] == [True, False, False, False]
    monkeypatch.setattr(jpeg_stream, "KEY_FRAME_INTERVAL_S", 0.0)
    await booth.shows(stream, 5, 90)
    assert booth.frames[-1].key
    await booth.shows(stream, 6, 90, (96, 128))
    assert booth.frames[-1].key
    await stream.close()
    await running


async def test_the_newest_picture_wins_and_overlays_bear_its_number(executor: ThreadPoolExecutor) -> None:
    booth = Booth()
    stream = booth.stream(executor)
    for number in (1, 2, 3):
        stream.take(number, jpeg(100))
    running = asyncio.create_task(stream.run())
    async with asyncio.timeout(10):
        while not booth.pictures:
            await asyncio.sleep(0.005)
    assert (len(booth.frames), stream.replaced) == (1, 2)
    told = PreviewOverlay(
        rtp_timestamp=booth.pictures[0].rtp_timestamp, overlay=Overlay(frame_id=0, width=64, height=48)
    )
    assert stream.send_overlay(told)
    assert not stream.send_overlay(told)
    assert booth.answers[0].overlay.frame_id == 3
    await stream.close()
    await running


@pytest.mark.parametrize("data", [b"", b"no picture", jpeg(9)[:40], jpeg(9, (3000, 3000))])
async def test_what_is_no_preview_is_left_out(executor: ThreadPoolExecutor, data: bytes) -> None:
    booth = Booth()
    stream = booth.stream(executor)
    running = asyncio.create_task(stream.run())
    stream.take(1, data)
    await asyncio.sleep(0.2)
    assert booth.frames == []
    await booth.shows(stream, 2, 100)
    await stream.close()
    await running


async def test_a_silent_booth_is_gone(executor: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg_stream, "SILENCE_S", 0.1)
    stream = Booth().stream(executor)
    await asyncio.wait_for(stream.run(), 5)
    assert stream.ended
