"""Where the parts of a face lie."""

import numpy as np
import pytest

from station.protocol import Box
from station.quality import ZONES, extent, take_sample, zone_mask
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
