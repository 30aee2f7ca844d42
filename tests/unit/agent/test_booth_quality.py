"""Where the booth looks for the face: where the overlay of the preview saw it, as long as that says anything."""

import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import pytest_asyncio

from station.agent import quality
from station.agent.quality import BoothQuality, KnownFace
from station.protocol import Box, Face, Frame, FrameHeader, Light, Overlay
from station.quality import load_profile
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
