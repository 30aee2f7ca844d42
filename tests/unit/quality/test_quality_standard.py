"""The closed-form measures of ISO/IEC 29794-5."""

import math

import numpy as np
import pytest

from station.protocol import Box, Face, Frame, FrameHeader
from station.quality import MEASURES, StandardMeasure, encode_srgb, examine, standard_measures
from tests.fixtures.geometry import turned_face
from tests.fixtures.skin_pictures import DARK_SKIN, FACE, LIGHT_SKIN, NORMAL, expose, skin_picture

pytestmark = pytest.mark.unit


def even(level: float, size: int = 320) -> Frame:
    picture = np.full((size, size, 3), level, np.float32)
    return Frame(FrameHeader(frame_id=0, width=size, height=size), encode_srgb(picture))


def measured(frame: Frame, face: Face | None = None) -> dict[str, StandardMeasure]:
    return {measure.name: measure for measure in standard_measures(frame, face or turned_face(FACE))}


def test_an_even_picture_has_the_values_of_the_formulas() -> None:
    found = measured(even(0.2))
    assert found["luminance_mean"].raw == pytest.approx(0.2, abs=0.005)
    assert found["luminance_mean"].score == pytest.approx(50, abs=3)
    assert found["luminance_variance"].score == pytest.approx(0, abs=0.1)
    assert found["dynamic_range"].score == pytest.approx(0, abs=0.1)
    assert found["over_exposure"].score == 100
    assert found["under_exposure"].score == pytest.approx(99.8, abs=0.2)
    assert found["illumination_uniformity"].score == pytest.approx(100)


def test_clipped_and_black_pictures_score_low() -> None:
    assert measured(even(1.0))["over_exposure"].score == pytest.approx(1 / 1.01, abs=0.01)
    assert measured(even(0.01))["under_exposure"].score == 0


def test_the_distance_of_the_eyes_is_that_of_the_straight_face() -> None:
    straight = measured(even(0.3), turned_face(FACE))["inter_eye_distance"].raw
    turned = measured(even(0.3), turned_face(FACE, yaw=25))["inter_eye_distance"].raw
    assert straight == pytest.approx(63.9 * FACE.width / 162, rel=0.02)
    assert turned == pytest.approx(straight, rel=0.04)
    small = measured(even(0.3), turned_face(Box(100, 100, round(70 * 162 / 63.9), 177)))
    assert small["inter_eye_distance"].score == pytest.approx(50, abs=2)


def test_a_turned_head_scores_the_square_of_the_cosine() -> None:
    found = measured(even(0.3), turned_face(FACE, yaw=20))
    assert found["head_pose_yaw"].score == pytest.approx(100 * math.cos(math.radians(20)) ** 2, abs=1)


def test_skin_has_a_natural_colour_and_grey_has_not() -> None:
    assert measured(expose(skin_picture(LIGHT_SKIN)))["natural_colour"].score == pytest.approx(100)
    assert measured(even(0.3))["natural_colour"].score < 80


def test_they_are_reported_and_can_limit_nothing() -> None:
    report = examine(
        expose(skin_picture(DARK_SKIN)), recipe="standard", profile=NORMAL, face=turned_face(FACE)
    )
    told = [measure for measure in report.measures if measure.name.startswith("iso_")]
    assert len(told) == 11
    assert all(measure.threshold is None for measure in told)
    assert not any(name.startswith("iso_") for name in MEASURES)


def test_without_landmarks_only_the_luminance_is_measured() -> None:
    assert len(measured(even(0.3), Face(box=FACE))) == 5
