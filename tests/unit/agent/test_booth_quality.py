"""Where the booth looks for the face: where the overlay of the preview saw it, as long as that says anything."""

import asyncio
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
import pytest
import pytest_asyncio

from station.agent import quality
from station.agent.faces import KnownFace
from station.agent.quality import BoothQuality
from station.devices import Latest, LatestFrame
from station.protocol import Box, Exposure, Face, Frame, FrameHeader, Light, Overlay, QualityReport, Verdict
from station.quality import hint, load_profile
from tests.fixtures.kiosk_agent import FACE, HEIGHT, WIDTH, portrait

pytestmark = pytest.mark.unit

PROFILE = load_profile(tomllib.loads((Path(__file__).parents[3] / "configs/quality/normal.toml").read_text()))
SEEN = Overlay(frame_id=1, width=WIDTH, height=HEIGHT, faces=(Face(box=FACE),))


def a_frame(width: int, height: int) -> Frame:
    pixels = np.asarray(cv2.resize(portrait(), (width, height)), np.uint8)
    return Frame(FrameHeader(frame_id=1, width=width, height=height, light=Light.WHITE), pixels)


@pytest_asyncio.fixture
async def booth() -> AsyncIterator[BoothQuality]:
    booth = BoothQuality("face", PROFILE)
    yield booth
    booth.close()


async def regions(booth: BoothQuality, width: int, height: int) -> set[str]:
    report = await booth.examine(a_frame(width, height))
    assert report is not None
    return {measure.region for measure in report.measures}


async def test_a_still_is_examined_where_the_preview_saw_the_face(booth: BoothQuality) -> None:
    assert "picture" in await regions(booth, 1920, 1080)
    booth.note_face(SEEN)
    assert "face" in await regions(booth, 1920, 1080)
    booth.note_face(Overlay(frame_id=2, width=WIDTH, height=HEIGHT))
    assert "picture" in await regions(booth, 1920, 1080)


async def test_a_still_of_another_shape_shows_another_part_of_the_scene(booth: BoothQuality) -> None:
    booth.note_face(SEEN)
    assert "picture" in await regions(booth, 1200, 1000)


async def test_an_old_face_is_forgotten(booth: BoothQuality, monkeypatch: pytest.MonkeyPatch) -> None:
    booth.note_face(SEEN)
    monkeypatch.setattr(quality, "STILL_FACE_S", -1.0)
    assert "picture" in await regions(booth, 1920, 1080)


def test_the_box_is_scaled_with_the_picture() -> None:
    face = KnownFace(Box(100, 50, 200, 220), 1280, 720, seen_at=10.0)
    assert face.within(a_frame(640, 360), 11.0, 2.0) == Box(50, 25, 100, 110)
    assert face.within(a_frame(640, 360), 12.1, 2.0) is None


def report_of(reports: Latest[QualityReport]) -> QualityReport:
    assert reports.value is not None
    return reports.value


async def test_without_its_own_network_no_face_is_no_failure(booth: BoothQuality) -> None:
    preview, hints = LatestFrame(), Latest[QualityReport]()
    running = asyncio.create_task(booth.run(preview, hints, rate_hz=100))
    preview.put(a_frame(WIDTH, HEIGHT))
    await asyncio.wait_for(hints.next(0), 30)
    preview.close()
    await running
    framing = next(measure for measure in report_of(hints).measures if measure.name == "framing")
    assert framing.verdict is Verdict.UNKNOWN


async def test_without_its_own_network_nobody_knows_about_the_eyes(booth: BoothQuality) -> None:
    booth.note_face(SEEN)
    closed, reason = booth.eyes_closed()
    assert closed is None
    assert reason


async def test_movement_between_preview_frames_is_measured(booth: BoothQuality) -> None:
    preview = LatestFrame()
    hints: Latest[QualityReport] = Latest()
    running = asyncio.create_task(booth.run(preview, hints, rate_hz=100))
    reports = []
    for number in range(2):
        frame = a_frame(WIDTH, HEIGHT)
        header = msgspec.structs.replace(
            frame.header,
            frame_id=number,
            actual=Exposure(time_s=0.01),
            captured_at=100 + 0.1 * number,
        )
        preview.put(Frame(header, np.roll(frame.pixels, 20 * number, axis=1)))
        reports.append((await asyncio.wait_for(hints.next(number), 30))[1])
    preview.close()
    await running
    names = [{measure.name: measure.value for measure in report.measures} for report in reports]
    assert "motion" not in names[0]
    assert names[1]["motion"] == pytest.approx(2, abs=0.3)


class Preview:
    """A preview whose frames are measured as the test has it, and what the booth says of it."""

    def __init__(self, booth: BoothQuality, monkeypatch: pytest.MonkeyPatch) -> None:
        self.booth = booth
        self.hints: Latest[QualityReport] = Latest()
        self.attempts = 0
        self.broken = True
        self._frames = LatestFrame()
        self._number = 0
        monkeypatch.setattr(quality, "hint", self._measure)
        self._running = asyncio.create_task(booth.run(self._frames, self.hints, rate_hz=200))

    def _measure(self, frame: Frame, **known: Any) -> QualityReport:
        self.attempts += 1
        if self.broken:
            raise ArithmeticError("a measure is broken")
        return hint(frame, **known)

    async def show(self, frames: int) -> None:
        """Until so many more frames were measured, or could not be."""
        wanted = self.attempts + frames
        async with asyncio.timeout(30):
            while self.attempts < wanted:
                self._number += 1
                header = FrameHeader(frame_id=self._number, width=32, height=24, light=Light.WHITE)
                self._frames.put(Frame(header, np.full((24, 32, 3), 90, np.uint8)))
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        self._frames.close()
        await self._running


@pytest_asyncio.fixture
async def preview(booth: BoothQuality, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Preview]:
    preview = Preview(booth, monkeypatch)
    yield preview
    await preview.close()


async def test_hints_that_keep_failing_are_named_and_logged_once(
    preview: Preview, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(quality, "FAILING_S", 0.0)
    await preview.show(quality.FAILING_COUNT + 5)
    assert preview.booth.problem == quality.UNMEASURABLE
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "a measure is broken" in caplog.text


async def test_hints_that_failed_a_moment_ago_are_no_trouble_yet(preview: Preview) -> None:
    await preview.show(quality.FAILING_COUNT + 5)
    assert preview.booth.problem == ""


async def test_one_failure_before_a_long_rest_is_no_trouble(
    preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quality, "FAILING_S", 0.0)
    await preview.show(1)
    assert preview.booth.problem == ""


async def test_hints_that_come_again_clear_the_trouble(
    preview: Preview, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(quality, "FAILING_S", 0.0)
    await preview.show(quality.FAILING_COUNT + 1)
    preview.broken = False
    await preview.show(1)
    await asyncio.wait_for(preview.hints.next(0), 30)
    assert preview.booth.problem == ""
    preview.broken = True
    await preview.show(quality.FAILING_COUNT + 1)
    assert preview.booth.problem
    # One that comes and goes fills no log either.
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def test_stills_that_cannot_be_measured_are_no_trouble_of_the_preview(
    preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> QualityReport:
        raise ArithmeticError("a measure is broken")

    monkeypatch.setattr(quality, "FAILING_S", 0.0)
    monkeypatch.setattr(quality, "examine", fail)
    preview.broken = False
    for _ in range(quality.FAILING_COUNT + 1):
        assert await preview.booth.examine(a_frame(WIDTH, HEIGHT)) is None
    assert preview.booth.problem == ""
