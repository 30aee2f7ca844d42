"""The zones that quality is held to, laid on faces that the booth found by itself in heads that are turned."""

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from phantom import Identity, Pose
from phantom.scene import PART
from phantom.trace import trace
from station.geometry import FaceFinder
from station.protocol import Box
from station.quality.zones import QUALITY_ZONES, ZONES, zone_mask
from tests.integration.geometry.conftest import HEIGHT, SEED, WIDTH, Picture

pytestmark = pytest.mark.integration

ALL = Box(0, 0, WIDTH, HEIGHT)
ON_SKIN = ("skin", "lips", "beard")

Masks = dict[str, NDArray[np.bool_]]


def zones_of(finder: FaceFinder, picture: Picture, yaw: float) -> Masks:
    """Masks of the zones that are seen, by name."""
    found = finder.find(picture(yaw)[0])
    assert found is not None
    box, pose = found.face.box, found.face.pose
    masks = {name: zone_mask(box, ZONES[name], ALL, 1.0, pose) > 0 for name in QUALITY_ZONES}
    return {name: mask for name, mask in masks.items() if mask.any()}


@lru_cache(maxsize=4)
def true_skin(yaw: float) -> NDArray[np.bool_]:
    geometry = trace(Identity.sample(SEED), WIDTH, HEIGHT, Pose(yaw, 0.0, 0.0), neutral_tab=False)
    return np.isin(geometry.labels, [PART[name] for name in ON_SKIN])


@pytest.mark.parametrize(
    ("yaw", "seen"),
    [
        (0.0, {"forehead", "left_cheek", "right_cheek", "chin"}),
        (-45.0, {"forehead", "left_cheek", "chin"}),
        (45.0, {"forehead", "right_cheek", "chin"}),
    ],
)
def test_the_zones_of_a_found_face_are_those_that_face_the_camera(
    finder: FaceFinder, picture: Picture, yaw: float, seen: set[str]
) -> None:
    zones = zones_of(finder, picture, yaw)
    assert set(zones) == seen
    for name, mask in zones.items():
        assert true_skin(yaw)[mask].mean() > 0.8, name


def test_the_cheeks_are_on_the_subjects_sides(finder: FaceFinder, picture: Picture) -> None:
    zones = zones_of(finder, picture, 0.0)
    columns = {name: np.nonzero(mask)[1].mean() for name, mask in zones.items()}
    assert columns["right_cheek"] < columns["forehead"] < columns["left_cheek"]
