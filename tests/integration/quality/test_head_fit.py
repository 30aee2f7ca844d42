"""The head that is fitted to landmarks, on people of the phantom that none of its figures come from."""

from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from phantom.identity import Identity, Pose
from phantom.landmarks import landmark_points
from phantom.lesions import wrinkle_depth
from phantom.relief import Asymmetry, relief_table
from phantom.surface import FACE, Surface
from phantom.view import View, rotation
from station.protocol import HeadPose, Landmark
from station.quality.head_fit import fit_head

pytestmark = pytest.mark.integration

PEOPLE = range(40_000, 40_032)
VIEW = View.booth(1280, 720, Pose(), None)


@lru_cache
def points_mm(seed: int) -> NDArray[np.float32]:
    person = Identity.sample(seed)
    warp = Asymmetry.of(person)
    surface = Surface(person, relief_table(person, warp, wrinkle_depth(person, FACE, warp)[0]))
    return landmark_points(person, warp, surface)


def landmarks(seed: int, pose: Pose) -> tuple[Landmark, ...]:
    points = points_mm(seed)
    column, row, _ = VIEW.project(rotation(pose), *(points[:, i : i + 1] for i in range(3)))
    return tuple(Landmark(float(x), float(y), 1.0) for (x,), (y,) in zip(column, row, strict=True))


@pytest.mark.parametrize("yaw", [0.0, 20.0, -40.0])
def test_the_turn_of_people_who_differ(yaw: float) -> None:
    errors = np.array([(pose.yaw - yaw, pose.pitch, pose.roll) for pose in poses(yaw)])
    assert np.all(errors.std(axis=0) < (2, 3, 1)), errors.std(axis=0)
    assert np.all(np.abs(errors.mean(axis=0)) < (3, 1, 1)), errors.mean(axis=0)


def poses(yaw: float) -> list[HeadPose]:
    found = [fit_head(landmarks(seed, Pose(yaw=yaw))) for seed in PEOPLE]
    return [fit.pose for fit in found if fit is not None]


@pytest.mark.parametrize("yaw", [0.0, 35.0])
def test_the_scale_is_that_of_the_picture(yaw: float) -> None:
    found = [fit_head(landmarks(seed, Pose(yaw=yaw))) for seed in PEOPLE]
    ratios = [fit.px_per_mm / VIEW.px_per_mm for fit in found if fit is not None]
    assert len(ratios) == len(PEOPLE)
    assert np.std(ratios) < 0.05
    assert np.mean(ratios) == pytest.approx(1, abs=0.03)
