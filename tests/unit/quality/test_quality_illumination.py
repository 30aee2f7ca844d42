"""Evenness of the light."""

import math

import msgspec
import numpy as np
import pytest

from station.protocol import Frame, View
from station.quality import (
    Reading,
    dynamic_range,
    flat_field,
    flat_field_uniformity,
    illumination_uniformity,
    take_sample,
)
from tests.fixtures.skin_pictures import DARK_SKIN, FACE, LIGHT_SKIN, Picture, expose, skin_picture

pytestmark = pytest.mark.unit


def lit(ratio: float, colour: tuple[float, float, float] = LIGHT_SKIN) -> Picture:
    """Brighter to the right, which is the subject's left: by this ratio from cheek to cheek."""
    cheeks = 0.48 * FACE.width
    gain = ratio ** ((np.arange(320) - 160) / cheeks)
    return (skin_picture(colour) * 0.5 * gain[None, :, None]).astype(np.float32)


def sides(picture: Picture) -> Reading:
    return illumination_uniformity(take_sample(expose(picture, tab=False), FACE))[0]


@pytest.mark.parametrize("colour", [LIGHT_SKIN, DARK_SKIN])
@pytest.mark.parametrize("ratio", [0.6, 1.0, 1.5])
def test_the_ratio_of_the_cheeks_is_told_in_every_tone(
    ratio: float, colour: tuple[float, float, float]
) -> None:
    reading = sides(lit(ratio, colour))
    assert reading.value == pytest.approx(abs(math.log(ratio)), abs=0.04)
    if ratio != 1:
        assert reading.region == ("right_cheek" if ratio > 1 else "left_cheek")


def test_a_few_highlights_and_spots_do_not_count() -> None:
    picture = lit(1.0)
    picture[150:160, 210:240] = 1.0
    assert sides(picture).value == pytest.approx(0, abs=0.05)


def test_a_turned_view_has_no_even_sides() -> None:
    frame = expose(lit(1.0))
    side = Frame(msgspec.structs.replace(frame.header, view=View.LEFT_45), frame.pixels)
    assert illumination_uniformity(take_sample(side, FACE)) == ()


def test_a_shadowed_zone_is_named_where_the_skin_is_known() -> None:
    picture = lit(1.0)
    picture[:120] *= 0.3
    frame = expose(picture, tab=False)
    reading = illumination_uniformity(take_sample(frame, FACE, np.full((320, 320), 255, np.uint8)))[1]
    assert reading.region == "forehead"
    assert reading.value == pytest.approx(0.3, abs=0.05)
    untold = illumination_uniformity(take_sample(frame, FACE))[1]
    assert (untold.value, untold.given) == (None, False)


def test_a_card_shows_how_the_light_falls() -> None:
    across = np.linspace(1.0, 0.7, 640, dtype=np.float32)
    card = np.broadcast_to((0.8 * across)[None, :, None], (480, 640, 3)).astype(np.float32)
    field = flat_field(card)
    assert field.max() == 1
    assert flat_field_uniformity(card).value == pytest.approx(0.7, abs=0.02)


def test_noise_takes_from_the_dynamic_range() -> None:
    values = [
        dynamic_range(take_sample(expose(skin_picture(detail=0), noise=noise), FACE)).value
        for noise in (0.001, 0.01, 0.05)
    ]
    assert all(value is not None for value in values)
    assert values == sorted(values, key=lambda value: -(value or 0))
