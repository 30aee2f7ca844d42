"""Decoding in order, newest picture out, bounded."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from server.live.decoding import DecodedFrame, StreamDecoder, picture_size
from server.live.pictures import rgb_of
from server.live.reassembly import EncodedFrame
from station.protocol import Frame, FrameHeader
from station.transport.vp8 import PreviewEncoder

pytestmark = pytest.mark.unit


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def coded(levels: list[int], width: int = 160, height: int = 96) -> list[EncodedFrame]:
    encoder = PreviewEncoder(width, height, 15, 500_000)
    frames = []
    for number, level in enumerate(levels):
        header = FrameHeader(frame_id=number, width=width, height=height)
        frame = Frame(header, np.full((height, width, 3), level, np.uint8))
        data = encoder.encode(frame, number * 6000, key=number == 0)
        frames.append(EncodedFrame(number * 6000, not data[0] & 1, data))
    return frames


async def decoded(
    executor: ThreadPoolExecutor, frames: list[EncodedFrame]
) -> tuple[StreamDecoder, list[DecodedFrame], list[bool]]:
    pictures: list[DecodedFrame] = []
    broken: list[bool] = []
    decoder = StreamDecoder(executor, pictures.append, lambda: broken.append(True))
    running = asyncio.create_task(decoder.run())
    for frame in frames:
        decoder.push(frame, 0.0)
    async with asyncio.timeout(10):
        while not (pictures or broken):
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    return decoder, pictures, broken


async def test_every_frame_is_decoded_and_only_the_newest_passed_on(executor: ThreadPoolExecutor) -> None:
    decoder, pictures, broken = await decoded(executor, coded([40, 80, 120, 200]))
    assert decoder.decoded == 4
    assert [picture.timestamp for picture in pictures] == [18_000]
    rgb = rgb_of(pictures[0].picture, 80)
    assert rgb.shape == (48, 80, 3)
    assert abs(float(rgb.mean()) - 200) < 4
    assert broken == []


async def test_damaged_data_is_counted_and_a_key_frame_wanted(executor: ThreadPoolExecutor) -> None:
    decoder, _, broken = await decoded(executor, [EncodedFrame(0, True, b"\x00" * 40)])
    assert decoder.errors == 1
    assert broken == [True]


async def test_a_backlog_is_dropped(executor: ThreadPoolExecutor) -> None:
    frame = coded([40])[0]
    broken: list[bool] = []
    decoder = StreamDecoder(executor, lambda picture: None, lambda: broken.append(True))
    for _ in range(31):
        decoder.push(frame, 0.0)
    assert broken == [True]


async def test_huge_pictures_are_not_decoded(executor: ThreadPoolExecutor) -> None:
    huge = b"\x10\x00\x00\x9d\x01\x2a" + (16_383).to_bytes(2, "little") * 2
    assert picture_size(EncodedFrame(0, True, huge)) == (16_383, 16_383)
    assert picture_size(coded([40])[0]) == (160, 96)
    decoder, pictures, broken = await decoded(executor, [EncodedFrame(0, True, huge)])
    assert (decoder.decoded, pictures, broken) == (0, [], [True])
