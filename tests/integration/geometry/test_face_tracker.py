"""The face of a preview, followed beside it."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from dermabooth import resources
from station.devices import LatestFrame
from station.geometry import FaceTracker
from station.protocol import Box, Frame, FrameHeader, Light
from tests.integration.geometry.conftest import HEIGHT, WIDTH, Picture, Srgb

pytestmark = pytest.mark.integration

EMPTY = np.full((HEIGHT, WIDTH, 3), 105, np.uint8)


def frame_of(srgb: Srgb, number: int, light: Light = Light.WHITE) -> Frame:
    return Frame(FrameHeader(frame_id=number, width=WIDTH, height=HEIGHT, light=light), srgb)


def anywhere(frame: Frame) -> Box | None:
    return None


async def until_looked(tracker: FaceTracker, times: int) -> None:
    async with asyncio.timeout(60):
        while tracker.looked < times:
            await asyncio.sleep(0.01)


async def test_the_newest_frame_wins_and_the_end_of_the_preview_is_the_end(picture: Picture) -> None:
    preview, tracker = LatestFrame(), FaceTracker(resources.face_model(), anywhere, rate_hz=20)
    running = asyncio.create_task(tracker.run(preview))
    for number in range(5):
        preview.put(frame_of(picture(0.0)[0], number))
    await until_looked(tracker, 1)
    seen = tracker.newest
    assert seen is not None
    assert seen.frame.header.frame_id == 4
    assert seen.found is not None
    preview.put(frame_of(EMPTY, 5))
    await until_looked(tracker, 2)
    assert tracker.newest is not seen
    assert tracker.newest is not None
    assert tracker.newest.found is None
    preview.close()
    await asyncio.wait_for(running, 30)
    assert tracker.looked == 2
    tracker.close()
    tracker.close()


async def test_frames_of_ultraviolet_light_are_not_looked_at(picture: Picture) -> None:
    preview, tracker = LatestFrame(), FaceTracker(resources.face_model(), anywhere, rate_hz=50)
    running = asyncio.create_task(tracker.run(preview))
    preview.put(frame_of(picture(0.0)[0], 1, Light.UV))
    await asyncio.sleep(0.3)
    preview.put(frame_of(picture(0.0)[0], 2))
    await until_looked(tracker, 1)
    assert tracker.newest is not None
    assert tracker.newest.frame.header.frame_id == 2
    preview.close()
    await running
    tracker.close()


@pytest.mark.parametrize("name", [None, "missing.onnx"])
async def test_without_a_network_it_ends_and_says_why(tmp_path: Path, name: str | None) -> None:
    tracker = FaceTracker(None if name is None else tmp_path / name, anywhere)
    await asyncio.wait_for(tracker.run(LatestFrame()), 30)
    assert tracker.newest is None
    assert tracker.problem
    tracker.close()
