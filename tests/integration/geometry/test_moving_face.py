"""A face that moves through the preview, leaves it and comes back; and how often it is looked at."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import cv2
import numpy as np
import pytest

from dermabooth import resources
from station.devices import LatestFrame, Worker
from station.geometry import FaceFinder, FaceTracker, FoundFace
from station.geometry.tracker import RATE_HZ, REST
from station.protocol import Box, Frame, FrameHeader
from tests.integration.geometry.conftest import HEIGHT, WIDTH, Picture, Srgb

pytestmark = pytest.mark.integration

STRIDE_PX = 14
"""Of the head between two looks: 13 mm, a slow walk at 4 looks a second."""
NEAR_PX = 5.0
PREVIEW_HZ = 15
NICE = 7
"""Of the tracker's thread."""


def anywhere(frame: Frame) -> Box | None:
    return None


def moved(srgb: Srgb, right: float, down: float) -> Srgb:
    """The picture with its content shifted, over a wall of one grey."""
    shift = np.array([[1, 0, right], [0, 1, down]], np.float32)
    wall = [float(level) for level in srgb[4, 4]]
    return np.asarray(
        cv2.warpAffine(srgb, shift, (WIDTH, HEIGHT), borderMode=cv2.BORDER_CONSTANT, borderValue=wall),
        np.uint8,
    )


class Watched:
    """A tracker at the preview that a test shows frames to."""

    def __init__(self, preview: LatestFrame, tracker: FaceTracker) -> None:
        self.preview = preview
        self.tracker = tracker
        self._shown = 0

    def show(self, srgb: Srgb) -> None:
        self._shown += 1
        self.preview.put(Frame(FrameHeader(frame_id=self._shown, width=WIDTH, height=HEIGHT), srgb))

    async def sees(self, srgb: Srgb) -> FoundFace | None:
        """What the tracker finds in this very frame."""
        self.show(srgb)
        async with asyncio.timeout(30):
            while (seen := self.tracker.newest) is None or seen.frame.header.frame_id != self._shown:
                await asyncio.sleep(0.005)
        return seen.found


@asynccontextmanager
async def watching(rate_hz: float = 60.0) -> AsyncIterator[Watched]:
    preview, tracker = LatestFrame(), FaceTracker(resources.face_model(), anywhere, rate_hz=rate_hz)
    running = asyncio.create_task(tracker.run(preview))
    try:
        yield Watched(preview, tracker)
    finally:
        preview.close()
        await asyncio.wait_for(running, 30)
        tracker.close()


async def test_a_face_that_moves_is_followed_step_by_step(picture: Picture) -> None:
    srgb, _ = picture(0.0)
    steps = [(STRIDE_PX * n, round(STRIDE_PX / 2 * n * (-1) ** n)) for n in range(-5, 6)]
    async with watching() as watched:
        found = [await watched.sees(moved(srgb, *step)) for step in steps]
    boxes = [one.face.box for one in found if one is not None]
    assert len(boxes) == len(steps)
    places = np.array([(box.x + box.width / 2, box.y + box.height / 2) for box in boxes])
    away = places - places.mean(axis=0) - (np.array(steps) - np.mean(steps, axis=0))
    assert np.abs(away).max() < NEAR_PX
    widths = [box.width for box in boxes]
    assert max(widths) < 1.1 * min(widths)


async def test_the_landmarks_go_with_the_face(picture: Picture) -> None:
    srgb, _ = picture(0.0)
    async with watching() as watched:
        before = await watched.sees(srgb)
        after = await watched.sees(moved(srgb, STRIDE_PX, -STRIDE_PX))
    assert before is not None
    assert after is not None
    for one, other in zip(before.face.landmarks, after.face.landmarks, strict=True):
        assert other.x - one.x == pytest.approx(STRIDE_PX, abs=NEAR_PX)
        assert other.y - one.y == pytest.approx(-STRIDE_PX, abs=NEAR_PX)


async def test_a_face_that_leaves_is_gone_at_once_and_found_when_it_is_back(picture: Picture) -> None:
    srgb, (x, _, width, _) = picture(0.0)
    outside = float(WIDTH - x + 2 * width)
    async with watching() as watched:
        assert await watched.sees(srgb) is not None
        assert await watched.sees(moved(srgb, outside, 0)) is None
        assert await watched.sees(moved(srgb, outside, 0)) is None
        back = await watched.sees(moved(srgb, -3 * STRIDE_PX, 0))
    assert back is not None
    assert back.face.box.x + back.face.box.width / 2 == pytest.approx(
        x + width / 2 - 3 * STRIDE_PX, abs=2 * STRIDE_PX
    )


def possible_hz(finder: FaceFinder, srgb: Srgb, known: FoundFace) -> float:
    """How often this thread can look just now, with the rest after each look."""
    took = list[float]()
    for _ in range(5):
        started = time.perf_counter()
        finder.follow(srgb, known)
        took.append(time.perf_counter() - started)
    return min(RATE_HZ, 1 / ((1 + REST) * statistics.median(took)))


async def test_a_preview_is_looked_at_as_often_as_the_machine_can(
    picture: Picture, finder: FaceFinder
) -> None:
    """At `RATE_HZ`, which is more than 3 Hz, unless one look takes so long that the rest after it is longer."""
    srgb, _ = picture(0.0)
    known = finder.find(srgb)
    assert known is not None
    like_its_own = Worker("looks", nice=NICE)
    before = await like_its_own.run(possible_hz, finder, srgb, known)
    async with watching(RATE_HZ) as watched:
        await watched.sees(srgb)
        looked, started = watched.tracker.looked, time.perf_counter()
        while time.perf_counter() - started < max(2.5, 8 / before):
            watched.show(srgb)
            await asyncio.sleep(1 / PREVIEW_HZ)
        rate = (watched.tracker.looked - looked) / (time.perf_counter() - started)
    # Others may have begun to use the machine meanwhile.
    possible = min(before, await like_its_own.run(possible_hz, finder, srgb, known))
    like_its_own.close()
    assert RATE_HZ > 3
    assert 0.25 * possible < rate < 1.3 * RATE_HZ
