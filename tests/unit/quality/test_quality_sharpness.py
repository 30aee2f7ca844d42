"""Sharpness that the optics set and not the skin."""

import cv2
import numpy as np
import pytest

from station.quality import Sample, detail_ratios, face_sharpness, sharpness, take_sample
from tests.fixtures.skin_pictures import DARK_SKIN, FACE, LIGHT_SKIN, Picture, expose, skin_picture

pytestmark = pytest.mark.unit


def blurred(picture: Picture, sigma: float) -> Picture:
    soft = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
    soft[4:36, 4:36] = 0.2
    return soft


def sample(picture: Picture, noise: float = 0.001) -> Sample:
    return take_sample(expose(picture, noise=noise), FACE)


def test_every_step_of_blur_lowers_it() -> None:
    values = [
        detail_ratios(sample(blurred(skin_picture(), sigma)))["whole"] for sigma in (0.6, 1.0, 1.5, 2.5)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 4 * values[2]


def test_contrast_and_tone_of_the_skin_have_no_part_in_it() -> None:
    reference = detail_ratios(sample(blurred(skin_picture(LIGHT_SKIN, detail=0.08), 0.8)))["whole"]
    for colour in (LIGHT_SKIN, DARK_SKIN):
        for detail in (0.04, 0.15):
            value = detail_ratios(sample(blurred(skin_picture(colour, detail=detail), 0.8)))["whole"]
            assert value == pytest.approx(reference, rel=0.15)


def test_noise_is_not_taken_for_detail() -> None:
    soft = blurred(skin_picture(detail=0.3), 2.0)
    clean, noisy = (detail_ratios(sample(soft, noise))["whole"] for noise in (0.0005, 0.006))
    assert noisy == pytest.approx(clean, abs=0.05)


def test_the_least_sharp_zone_is_named() -> None:
    picture = blurred(skin_picture(), 0.6)
    picture[:110] = cv2.GaussianBlur(picture, (0, 0), 2.0)[:110]
    picture[4:36, 4:36] = 0.2
    whole, zone = sharpness(sample(picture))
    assert whole.name == "sharpness"
    assert (zone.name, zone.region) == ("zone_sharpness", "forehead")
    assert zone.value is not None
    assert whole.value is not None
    assert zone.value < whole.value / 2


def test_a_large_face_is_reduced_and_says_so() -> None:
    large = np.asarray(cv2.resize(skin_picture(), (1280, 1280)), np.float32)
    frame = expose(large, tab=False)
    reading = face_sharpness(take_sample(frame, FACE.scaled(4, 4)))
    assert reading.region == "face, reduced to 320 px"


def test_a_small_face_cannot_be_told() -> None:
    small = np.asarray(cv2.resize(skin_picture(), (80, 80)), np.float32)
    reading = face_sharpness(take_sample(expose(small, tab=False), FACE.scaled(0.25, 0.25)))
    assert reading.value is None
    assert reading.reason


def test_skin_without_detail_above_the_noise_tells_nothing() -> None:
    whole, zone = sharpness(sample(blurred(skin_picture(detail=0.002), 0.6), noise=0.01))
    assert (zone.name, zone.value, zone.given) == ("zone_sharpness", None, False)
    assert zone.reason
    assert whole.name == "sharpness"
