"""Where the parts of a face lie."""

import cv2
import numpy as np
import pytest

from station.protocol import Box, Face, HeadPose
from station.quality import FACE as OUTLINE
from station.quality import ZONES, extent, take_sample, zone_mask, zone_outlines
from tests.fixtures.skin_pictures import FACE, expose, skin_picture

pytestmark = pytest.mark.unit

PICTURE = Box(0, 0, 320, 320)


def test_sides_are_the_subjects() -> None:
    left, right = (
        np.argwhere(zone_mask(FACE, ZONES[f"{side}_cheek"], PICTURE) > 0)[:, 1].mean()
        for side in ("left", "right")
    )
    middle = FACE.x + FACE.width / 2
    assert left > middle > right
    assert left - middle == pytest.approx(middle - right, abs=1.5)


def test_every_zone_lies_in_the_extent() -> None:
    within = extent(FACE, 1000, 1000)
    for name, zones in ZONES.items():
        whole = zone_mask(FACE, zones, Box(0, 0, 1000, 1000))
        part = zone_mask(FACE, zones, within)
        assert np.count_nonzero(part) == np.count_nonzero(whole) > 0, name


@pytest.mark.parametrize("yaw", [0.0, -40.0, 40.0])
def test_an_outline_holds_its_zone(yaw: float) -> None:
    face, within, pose = Box(300, 300, 400, 400), Box(0, 0, 1000, 1000), HeadPose(yaw=yaw, pitch=0, roll=0)
    outlines = zone_outlines(face, pose)
    assert len(outlines) == (len(ZONES) if yaw == 0 else len(outlines)) >= 5
    for name, zones in ZONES.items():
        mask = zone_mask(face, zones, within, pose=pose)
        if name not in outlines:
            assert not mask.any()
            continue
        drawn = np.zeros_like(mask)
        cv2.fillPoly(drawn, [np.rint(outlines[name]).astype(np.int32)], 255)
        shared = np.count_nonzero(mask & drawn) / np.count_nonzero(mask | drawn)
        assert shared > 0.93, name


def test_the_extent_stays_in_the_picture() -> None:
    for box in (Box(-500, -500, 100, 100), Box(900, 900, 100, 100), Box(300, 300, 50, 50)):
        found = extent(box, 320, 320)
        assert found.width >= 1
        assert found.x >= 0
        assert found.x + found.width <= 320
        assert found.y + found.height <= 320


@pytest.mark.parametrize("reduction", [1, 2, 3, 7])
def test_a_reduced_sample_keeps_its_masks_in_step(reduction: int) -> None:
    skin = np.full((320, 320), 255, np.uint8)
    sample = take_sample(expose(skin_picture()), FACE, skin, reduction=reduction)
    assert sample.light.shape[:2] == sample.skin.shape
    assert all(mask.shape == sample.skin.shape for mask in sample.zones.values())


def test_a_head_that_is_hardly_turned_has_the_zones_of_a_frontal_one() -> None:
    frontal, turned = (
        zone_mask(FACE, ZONES["chin"], PICTURE, 1.0, pose)
        for pose in (None, HeadPose(yaw=10, pitch=0, roll=0))
    )
    assert (frontal == turned).all()


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_cheek_that_faces_away_is_left_out(side: str) -> None:
    """A nose to the left of the picture shows the subject's left cheek."""
    pose = HeadPose(yaw=-45 if side == "left" else 45, pitch=0, roll=0)
    other = {"left": "right", "right": "left"}[side]
    near, far = (zone_mask(FACE, ZONES[f"{name}_cheek"], PICTURE, 1.0, pose) for name in (side, other))
    assert np.count_nonzero(near) > 0.5 * np.count_nonzero(zone_mask(FACE, ZONES[f"{side}_cheek"], PICTURE))
    assert not far.any()


def test_every_zone_of_a_turned_head_lies_in_its_extent_and_on_the_face() -> None:
    pose = HeadPose(yaw=40, pitch=5, roll=-5)
    within, face = extent(FACE, 320, 320, pose), zone_mask(FACE, OUTLINE, PICTURE, 1.0, pose)
    for zones in ZONES.values():
        mask = zone_mask(FACE, zones, PICTURE, 1.0, pose)
        part = zone_mask(FACE, zones, within, 1.0, pose)
        assert np.count_nonzero(part) == pytest.approx(np.count_nonzero(mask), abs=30)
        assert np.count_nonzero(mask & ~face) < 0.25 * (1 + np.count_nonzero(mask))


def test_a_sample_of_a_turned_face_has_the_zones_that_are_seen() -> None:
    face = Face(box=FACE, pose=HeadPose(yaw=-45, pitch=0, roll=0))
    assert set(take_sample(expose(skin_picture()), face).zones) == {"forehead", "left_cheek", "chin"}
