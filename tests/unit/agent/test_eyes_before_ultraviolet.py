"""Whether the booth tells closed eyes from open ones: front and side, and not through spectacles."""

import asyncio
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from dermabooth.resources import face_model
from phantom.stage import Stage
from station.agent.quality import BoothQuality
from station.devices import Latest, LatestFrame
from station.geometry import FaceFinder, SkinNetwork
from station.protocol import Frame, FrameHeader, Light
from station.quality import eyes_closed, load_profile

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
MODEL = face_model()
PROFILE = load_profile(tomllib.loads((ROOT / "configs/quality/normal.toml").read_text()))
SIZE = (960, 540)
PLAIN, SPECTACLED = 2, 1
"""Seeds of who wears none, and of who does."""


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(SkinNetwork(MODEL))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def preview(seed: int, cache: Path, *, closed: bool, yaw: float = 0.0) -> Frame:
    pixels, _ = Stage.open(seed, cache, *SIZE, eyes_closed=closed).frame(0.5, "white", yaw)
    return Frame(FrameHeader(frame_id=1, width=SIZE[0], height=SIZE[1], light=Light.WHITE), pixels)


@pytest.fixture
def quality() -> Iterator[BoothQuality]:
    found = BoothQuality("standard", PROFILE, face_model=MODEL)
    yield found
    found.close()


@pytest.mark.parametrize("yaw", [0.0, -45.0, 45.0])
@pytest.mark.parametrize("closed", [True, False])
def test_eyes_are_told_front_and_side(finder: FaceFinder, cache: Path, closed: bool, yaw: float) -> None:
    frame = preview(PLAIN, cache, closed=closed, yaw=yaw)
    face = finder.find(frame.pixels)  # type: ignore[arg-type]
    assert face is not None
    report = eyes_closed(frame, recipe="standard", profile=PROFILE, face=face.face)
    assert (report.verdict == "pass") is closed


async def seen_by(quality: BoothQuality, frame: Frame) -> tuple[bool | None, str]:
    """What the booth says of the eyes once it has looked at this frame."""
    preview = LatestFrame()
    running = asyncio.create_task(quality.run(preview, Latest(), 4.0))
    preview.put(frame)
    async with asyncio.timeout(60):
        while quality.sighting is None:
            await asyncio.sleep(0.02)
    told = quality.eyes_closed(quality.sighting.at)
    preview.close()
    await running
    return told


@pytest.mark.parametrize("closed", [True, False])
async def test_the_booth_tells_closed_eyes_by_itself(
    quality: BoothQuality, cache: Path, closed: bool
) -> None:
    told, why = await seen_by(quality, preview(PLAIN, cache, closed=closed))
    assert told is closed
    assert ("Close the eyes" in why) is not closed
    assert quality.sighting is not None
    later, stale = quality.eyes_closed(quality.sighting.at + 1.5)
    assert later is None
    assert stale


async def test_spectacles_hide_the_eyes(quality: BoothQuality, cache: Path) -> None:
    told, why = await seen_by(quality, preview(SPECTACLED, cache, closed=False))
    assert told is None
    assert "Take the spectacles off" in why
