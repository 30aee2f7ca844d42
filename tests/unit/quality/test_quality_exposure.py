"""Exposure, noise and cast from the neutral tab."""

import math

import numpy as np
import pytest

from station.quality import Reading, clipping, tab_exposure, take_sample
from tests.fixtures.skin_pictures import DARK_SKIN, FACE, LIGHT_SKIN, expose, skin_picture

pytestmark = pytest.mark.unit


def by_name(readings: tuple[Reading, ...]) -> dict[str, float | None]:
    return {reading.name: reading.value for reading in readings}


@pytest.mark.parametrize("colour", [LIGHT_SKIN, DARK_SKIN])
@pytest.mark.parametrize("stops", [-3.0, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
def test_the_tab_tells_the_error_in_stops_whatever_the_skin(
    colour: tuple[float, float, float], stops: float
) -> None:
    found = by_name(tab_exposure(take_sample(expose(skin_picture(colour), stops=stops), FACE)))
    assert found["neutral_tab_exposure"] == pytest.approx(stops, abs=0.02)
    assert found["underexposure"] == pytest.approx(max(0.0, -stops), abs=0.02)


def test_a_clipped_tab_tells_the_least_error_and_nothing_else() -> None:
    found = by_name(tab_exposure(take_sample(expose(skin_picture(), stops=3.0), FACE)))
    assert found["neutral_tab_exposure"] == pytest.approx(math.log2(5), abs=0.02)
    assert found["noise"] is None
    assert found["color_cast"] is None


def test_nominal_white_may_lie_below_the_white_level() -> None:
    sample = take_sample(expose(skin_picture(), stops=-1.0), FACE)
    assert by_name(tab_exposure(sample, white=0.5))["neutral_tab_exposure"] == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize("noise", [0.002, 0.005, 0.02])
def test_noise_is_that_of_the_tab(noise: float) -> None:
    found = by_name(tab_exposure(take_sample(expose(skin_picture(), noise=noise), FACE)))
    sigma_of_y = noise * math.sqrt(0.2) * math.sqrt(0.2126**2 + 0.7152**2 + 0.0722**2)
    assert found["noise"] == pytest.approx(20 * math.log10(0.2 / sigma_of_y), abs=1.5)


def test_a_cast_is_the_largest_drift_from_green() -> None:
    picture = skin_picture() * np.array([1.1, 1.0, 0.95], np.float32)
    assert by_name(tab_exposure(take_sample(expose(picture), FACE)))["color_cast"] == pytest.approx(
        10, abs=0.5
    )


def test_without_a_tab_nothing_is_guessed() -> None:
    readings = tab_exposure(take_sample(expose(skin_picture(), tab=False), FACE))
    assert all(reading.value is None and reading.reason for reading in readings)


def test_clipping_is_the_share_of_the_skin() -> None:
    picture = skin_picture(detail=0.0)
    skin = np.zeros((320, 320), np.uint8)
    skin[100:200, 100:200] = 255
    picture[100:110, 100:200, 0] = 1.2
    reading = clipping(take_sample(expose(picture), FACE, skin))
    assert reading.value == pytest.approx(10.0, abs=0.2)
    assert reading.region == "skin"
