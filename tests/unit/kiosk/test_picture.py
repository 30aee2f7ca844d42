import asyncio
import struct

import cv2
import msgspec
import numpy as np
import pytest

from station.kiosk.picture import HEIGHT, WIDTH, LivePicture, PictureHeader, encode_jpeg
from station.protocol import Frame, FrameHeader, Overlay, Transfer
from tests.fixtures.kiosk_agent import ScriptedAgent

pytestmark = pytest.mark.unit


def unpack(data: bytes) -> tuple[PictureHeader, bytes]:
    (length,) = struct.unpack(">I", data[:4])
    return msgspec.json.decode(data[4 : 4 + length], type=PictureHeader), data[4 + length :]


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB))


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (3000, 2000), (1200, 1600)])
def test_a_large_frame_is_fitted_into_the_box(width: int, height: int) -> None:
    frame = Frame(FrameHeader(frame_id=1, width=width, height=height), np.zeros((height, width, 3), np.uint8))
    small = decoded(encode_jpeg(frame))
    assert small.shape[1] <= WIDTH
    assert small.shape[0] <= HEIGHT
    assert small.shape[1] == WIDTH or small.shape[0] == HEIGHT


def test_a_linear_12_bit_frame_is_developed() -> None:
    header = FrameHeader(
        frame_id=1,
        width=64,
        height=48,
        bit_depth=12,
        transfer=Transfer.LINEAR,
        black_level=256,
        white_level=4095,
    )
    grey = np.full((48, 64, 3), 256 + round(0.2 * (4095 - 256)), np.uint16)
    assert decoded(encode_jpeg(Frame(header, grey))).mean() == pytest.approx(124, abs=2)


async def test_pictures_are_made_only_while_somebody_watches() -> None:
    agent = ScriptedAgent()
    picture = LivePicture(agent)
    async with agent.running():
        states = [picture.encoding]
        async with picture.watch() as pictures:
            states.append(picture.encoding)
            await asyncio.wait_for(pictures.next(), 20)
        states.append(picture.encoding)
        assert states == [False, True, False]
        await picture.close()
        await picture.close()


async def test_each_message_carries_the_overlay_of_its_own_frame() -> None:
    agent = ScriptedAgent()
    picture = LivePicture(agent)
    async with agent.running(), picture.watch() as pictures:
        seen: list[PictureHeader] = []
        revision = 0
        while sum(header.overlay is not None for header in seen) < 8:
            revision, message = await asyncio.wait_for(pictures.next(revision), 20)
            header, jpeg = unpack(message)
            assert jpeg[:2] == b"\xff\xd8"
            seen.append(header)
        numbers = [header.frame_id for header in seen]
        assert numbers == sorted(set(numbers))
        assert all(one.overlay is None or one.overlay.frame_id == one.frame_id for one in seen)
        assert (seen[-1].width, seen[-1].height) == (1280, 720)
        assert seen[-1].hints is not None
    await picture.close()


@pytest.mark.parametrize("turns", range(12))
async def test_watching_ends_even_as_a_frame_comes(turns: int) -> None:
    agent = ScriptedAgent()
    picture = LivePicture(agent)
    async with asyncio.timeout(5), picture.watch():
        await rounds(10)
        agent.overlays.put(Overlay(frame_id=0, width=4, height=4))
        agent.preview.put(small_frame(1))
        await rounds(10)
        agent.preview.put(small_frame(2))
        await rounds(turns)
    await picture.close()


def small_frame(frame_id: int) -> Frame:
    return Frame(FrameHeader(frame_id=frame_id, width=4, height=4), np.zeros((4, 4, 3), np.uint8))


async def rounds(count: int) -> None:
    """Let the event loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)
