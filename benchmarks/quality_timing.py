"""Processor time of the quality measures and of finding the face, against their limits."""

import asyncio
import time
from collections.abc import Callable
from typing import Final

import cv2
import msgspec
import numpy as np

from benchmarks.quality_phantom import Head, Shot
from benchmarks.quality_run import normal_profile
from benchmarks.quality_tables import Row
from benchmarks.quality_trials import RECIPE
from dermabooth import resources
from station.devices import LatestFrame
from station.geometry import FaceFinder, FaceTracker, SkinNetwork
from station.protocol import Box, Exposure, Frame, NeutralTab, Transfer
from station.quality import QualityProfile, develop, examine, hint

FRAME_S, HINT_S, STILL_S = 0.012, 0.025, 1.0
"""Processor time on one core: the pixels of a 1280x720 frame, everything about it, everything about a 24 MP still."""
REPEATS: Final = 5
PREVIEW_HZ: Final = 15.0
FOLLOWED_HZ: Final = 3.0
FOLLOWING_S: Final = 4.0


def timing() -> list[Row]:
    """Processor time against its limit, on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        profile, head = normal_profile(), Head.trace(1, "tan")
        small, face = _enlarged(head, 1280, 720)
        large, large_face = _enlarged(head, 6000, 4000)
        return [
            _everything(_as_preview(small), profile),
            _timed("quality hint of a 1280x720 frame, given the face", HINT_S, lambda: hint(
                small, recipe=RECIPE, profile=profile, face=face, previous=small)),
            _timed("pixel measures of a 1280x720 frame, given the face", FRAME_S, lambda: hint(
                small, recipe=RECIPE, profile=profile, face=face)),
            _timed("quality of a 24 MP still at full scale", STILL_S, lambda: examine(
                large, recipe=RECIPE, profile=profile, face=large_face), repeats=3),
        ]  # fmt: skip
    finally:
        cv2.setNumThreads(threads)


def _everything(preview: Frame, profile: QualityProfile) -> Row:
    """A hint, and the share of a frame that following the face takes."""
    finder = FaceFinder(SkinNetwork(resources.face_model()))
    found = finder.find(develop(preview))
    assert found is not None
    follow_s = _processor_s(lambda: finder.follow(develop(preview), found))
    hint_s = _processor_s(
        lambda: hint(
            preview,
            recipe=RECIPE,
            profile=profile,
            face=found.face,
            skin=found.skin,
            parts=found.parts,
            previous=preview,
            sought=True,
        )
    )
    return _held(
        "everything about a frame of the preview, mean at 15 frames a second with the face followed at 3 Hz",
        HINT_S,
        hint_s + follow_s * 3 / PREVIEW_HZ,
        f"hint {1000 * hint_s:.1f} ms, face {1000 * follow_s:.1f} ms",
    )


def _enlarged(head: Head, width: int, height: int) -> tuple[Frame, Box]:
    """The head in the middle of a frame of this size, 12 bits, with noise of its own."""
    frame = Shot().take(head, head.white.linear, 1)
    scale = height / frame.header.height
    across = round(frame.header.width * scale)
    pixels = np.full((height, width, 3), 400, np.uint16)
    left = (width - across) // 2
    enlarged = cv2.resize(frame.pixels, (across, height), interpolation=cv2.INTER_LINEAR)
    pixels[:, left : left + across] = enlarged
    grain = np.random.default_rng(0).integers(-3, 4, (height, width, 1), np.int16)
    pixels = np.clip(pixels.astype(np.int16) + grain, 0, 4095).astype(np.uint16)
    tab = frame.header.neutral_tab
    assert tab is not None
    header = msgspec.structs.replace(
        frame.header,
        width=width,
        height=height,
        neutral_tab=NeutralTab(_moved(tab.box, scale, left), tab.reflectance),
    )
    return Frame(header, pixels), _moved(head.face.box, scale, left)


def _moved(box: Box, scale: float, left: int) -> Box:
    larger = box.scaled(scale, scale)
    return Box(larger.x + left, larger.y, larger.width, larger.height)


def _timed(name: str, limit_s: float, action: Callable[[], object], repeats: int = REPEATS) -> Row:
    return _held(name, limit_s, _processor_s(action, repeats), f"median of {repeats}")


def _processor_s(action: Callable[[], object], repeats: int = REPEATS) -> float:
    """Processor time of this thread, the median."""
    action()
    taken = []
    for _ in range(repeats):
        begun = time.thread_time()
        action()
        taken.append(time.thread_time() - begun)
    return sorted(taken)[repeats // 2]


def _held(name: str, limit_s: float, taken_s: float, context: str) -> Row:
    return {
        "name": f"{name} / {1000 * limit_s:g} ms",
        "value": round(taken_s / limit_s, 2),
        "unit": "ratio",
        "goal": "<= 1",
        "met": taken_s <= limit_s,
        "context": f"{1000 * taken_s:.1f} ms of one core, {context}",
    }


async def following() -> Row:
    """How often the face of a preview at 15 frames a second is looked at."""
    frame = _as_preview(_enlarged(Head.trace(1, "tan"), 1280, 720)[0])
    preview, tracker = LatestFrame(), FaceTracker(resources.face_model(), lambda frame: None)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(tracker.run(preview))
        tasks.create_task(_show(preview, frame))
        while not tracker.looked:
            await asyncio.sleep(0.05)
        before, begun = tracker.looked, time.monotonic()
        await asyncio.sleep(FOLLOWING_S)
        rate = (tracker.looked - before) / (time.monotonic() - begun)
        preview.close()
    tracker.close()
    return {
        "name": "looks at the face of the preview, by the booth alone",
        "value": round(rate, 1),
        "unit": "Hz",
        "goal": f">= {FOLLOWED_HZ:g}",
        "met": rate >= FOLLOWED_HZ,
        "context": f"1280x720 at {PREVIEW_HZ:g} frames a second, {FOLLOWING_S:g} s",
    }


async def _show(preview: LatestFrame, frame: Frame) -> None:
    number = 0
    while not preview.closed:
        number += 1
        preview.put(Frame(msgspec.structs.replace(frame.header, frame_id=number), frame.pixels))
        await asyncio.sleep(1 / PREVIEW_HZ)


def _as_preview(frame: Frame) -> Frame:
    """As cameras deliver previews: 8-bit sRGB."""
    header = msgspec.structs.replace(
        frame.header,
        bit_depth=8,
        transfer=Transfer.SRGB,
        black_level=0,
        white_level=255,
        captured_at=1.0,
        actual=Exposure(time_s=0.01),
    )
    return Frame(header, develop(frame))
