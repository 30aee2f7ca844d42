"""What the simulated booth knows of its subject without any server: framing in every view, and the eyes."""

import asyncio
import time
import tomllib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import numpy as np
import pytest

from dermabooth import resources
from phantom import Identity, Pose, shade
from phantom.camera import CameraModel
from phantom.trace import trace
from station.agent.quality import BoothQuality
from station.capture import GATING
from station.devices import Latest, LatestFrame
from station.protocol import (
    Box,
    Exposure,
    Face,
    Frame,
    FrameHeader,
    Light,
    NeutralTab,
    Overlay,
    QualityReport,
    Verdict,
    View,
)
from station.quality import Baseline, load_profile
from tests.integration.geometry.conftest import Srgb

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PROFILE = load_profile(tomllib.loads((resources.configs() / "quality" / "normal.toml").read_text()))
WIDTH, HEIGHT = 640, 360
YAW = {View.FRONT: 0.0, View.LEFT_45: -45.0, View.RIGHT_45: 45.0, View.NECK: 0.0}


def seated(yaw: float, *, size: float = 1.0, eyes: bool = True) -> Srgb:
    """The subject of the simulated booth in its preview, as large as the guide or so much smaller."""
    person = Identity.sample(2, demo=True)
    person = person if eyes else person.asleep()
    geometry = trace(person, WIDTH, HEIGHT, Pose(yaw, 0, 0), px_per_mm=size * HEIGHT / 330, neutral_tab=False)
    return CameraModel().expose(shade(geometry).linear, 1).srgb


def frame_of(srgb: Srgb, view: View, number: int = 1, light: Light = Light.WHITE) -> Frame:
    """With the grey tab in its corner."""
    pixels = np.array(srgb)
    grey = np.full((20, 20, 3), 0.2, np.float32)
    pixels[8:28, 8:28] = CameraModel().expose(grey, number).srgb
    tab = NeutralTab(Box(8, 8, 20, 20), 0.2)
    header = FrameHeader(
        frame_id=number, width=WIDTH, height=HEIGHT, light=light, view=view, neutral_tab=tab,
        captured_at=100 + number / 15, actual=Exposure(time_s=0.01),
    )  # fmt: skip
    return Frame(header, pixels)


@contextmanager
def booth() -> Iterator[BoothQuality]:
    quality = BoothQuality("standard", PROFILE, face_model=resources.face_model())
    try:
        yield quality
    finally:
        quality.close()


@asynccontextmanager
async def watching(quality: BoothQuality, frame: Frame) -> AsyncIterator[Latest[QualityReport]]:
    """The preview shows one frame again and again, under new numbers."""
    preview, hints = LatestFrame(), Latest[QualityReport]()

    async def show() -> None:
        number = 1
        while not preview.closed:
            preview.put(
                frame_of(np.asarray(frame.pixels, np.uint8), frame.header.view, number, frame.header.light)
            )
            number += 1
            await asyncio.sleep(1 / 15)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(quality.run(preview, hints, rate_hz=10))
        tasks.create_task(show())
        try:
            async with asyncio.timeout(60):
                while quality.sighting is None:
                    await asyncio.sleep(0.02)
            yield hints
        finally:
            preview.close()


async def settled(hints: Latest[QualityReport], name: str) -> QualityReport:
    """The first report that tells this measure: the face is known by then, and not from long ago."""
    async with asyncio.timeout(60):
        while True:
            _, report = await hints.next(hints.revision)
            if told(report, name) is not Verdict.UNKNOWN:
                return report


def held_back(report: QualityReport) -> dict[str, Verdict]:
    return {
        m.name: m.verdict
        for m in report.measures
        if m.name in GATING and m.verdict in (Verdict.WARN, Verdict.FAIL)
    }


def told(report: QualityReport, name: str) -> Verdict:
    return next(m.verdict for m in report.measures if m.name == name)


@pytest.mark.parametrize("view", list(YAW))
async def test_the_gate_opens_for_the_pose_that_is_asked_for(view: View) -> None:
    with booth() as quality:
        async with watching(quality, frame_of(seated(YAW[view]), view)) as hints:
            report = await settled(hints, "head_pose")
    assert held_back(report) == {}
    assert [told(report, name) for name in ("head_pose", "framing", "distance")] == [Verdict.PASS] * 3


@pytest.mark.parametrize(
    ("asked", "taken"),
    [(View.FRONT, View.LEFT_45), (View.LEFT_45, View.FRONT), (View.LEFT_45, View.RIGHT_45)],
)
async def test_a_head_that_is_turned_wrongly_is_held_back(asked: View, taken: View) -> None:
    with booth() as quality:
        async with watching(quality, frame_of(seated(YAW[taken]), asked)) as hints:
            report = await settled(hints, "head_pose")
    assert told(report, "head_pose") is Verdict.FAIL
    assert next(iter(report.advice)).strip()


async def test_a_head_too_far_away_and_an_empty_chair_are_held_back() -> None:
    with booth() as quality:
        async with watching(quality, frame_of(seated(0.0, size=0.7), View.FRONT)) as hints:
            report = await settled(hints, "distance")
        assert told(report, "distance") in (Verdict.WARN, Verdict.FAIL)
    with booth() as quality:
        empty = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
        async with watching(quality, frame_of(empty, View.FRONT)) as hints:
            report = await settled(hints, "framing")
        assert told(report, "framing") is Verdict.FAIL
        assert report.verdict is Verdict.FAIL
        assert any("No face" in line for line in report.advice)


@pytest.mark.parametrize("eyes", [True, False])
async def test_the_eyes_are_told_by_the_newest_white_frame(eyes: bool) -> None:
    with booth() as quality:
        async with watching(quality, frame_of(seated(0.0, eyes=eyes), View.FRONT)):
            assert quality.sighting is not None
            now = quality.sighting.at
            closed, reason = quality.eyes_closed(now)
            late, why = quality.eyes_closed(time.monotonic() + 60)
    assert closed is not eyes
    assert bool(reason) is eyes
    assert late is None
    assert why


async def test_under_other_light_nobody_knows_about_the_eyes() -> None:
    with booth() as quality:
        frame = frame_of(seated(0.0, eyes=False), View.FRONT, light=Light.CROSS_POLARISED)
        async with watching(quality, frame):
            closed, reason = quality.eyes_closed()
    assert closed is None
    assert reason


async def test_stills_and_hints_are_measured_against_the_first_visit() -> None:
    asked: list[View] = []

    def first_visit(view: View) -> Baseline:
        asked.append(view)
        frame = frame_of(seated(0.0), view)
        return Baseline(frame, None)

    with booth() as quality:
        quality.compare_with(first_visit)
        still = frame_of(seated(12.0), View.FRONT)
        report = await quality.examine(still)
        await quality.examine(still)
        assert report is not None
        names = {m.name: m for m in report.measures}
        assert asked == [View.FRONT]
        assert names["pose_change"].verdict is Verdict.UNKNOWN, "the baseline's face is not known"
        assert names["registration"].value is not None or names["registration"].advice
        quality.compare_with(None)
        alone = await quality.examine(still)
        assert alone is not None
        assert "pose_change" not in {m.name for m in alone.measures}


async def test_an_overlay_is_believed_where_the_booth_sees_nothing_newer() -> None:
    with booth() as quality:
        overlay = Overlay(frame_id=1, width=WIDTH, height=HEIGHT, faces=(Face(box=Box(230, 80, 180, 180)),))
        quality.note_face(overlay)
        async with watching(quality, frame_of(seated(0.0), View.FRONT)) as hints:
            report = await settled(hints, "head_pose")
    assert told(report, "head_pose") is Verdict.PASS, "the booth's own face, with landmarks, goes before"
