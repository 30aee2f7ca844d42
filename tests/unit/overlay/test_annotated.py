"""Pictures with outlines and a legend."""

import numpy as np
import pytest
from numpy.typing import NDArray

from server.overlay import COLOURS, Mark, annotated
from station.protocol import Layer

pytestmark = pytest.mark.unit

RED = (214, 39, 40)


def picture(height: int = 300, width: int = 400) -> NDArray[np.uint8]:
    return np.full((height, width, 3), 150, np.uint8)


def square(height: int = 300, width: int = 400) -> NDArray[np.bool_]:
    mask = np.zeros((height, width), np.bool_)
    mask[100:140, 200:260] = True
    return mask


def test_a_mark_is_outlined_and_named_below_the_picture() -> None:
    drawn, scale = annotated(picture(), None, [Mark("Red areas", RED, square())], ["a line"], side=1000)
    assert scale == 1
    assert drawn.shape[0] > 300
    assert drawn.shape[1:] == (400, 3)
    assert np.allclose(drawn[100, 230], RED, atol=16)
    assert tuple(drawn[120, 230]) == (150, 150, 150)
    strip = drawn[300:]
    assert (strip == RED).all(-1).any()
    assert (strip < 100).any()
    assert (strip[0] == 255).all()


def test_what_was_given_stays_as_it_was() -> None:
    srgb, mask = picture(), square()
    annotated(srgb, mask.view(np.uint8) * 255, [Mark("x", RED, mask)], [], side=1000)
    assert (srgb == 150).all()


def test_skin_is_outlined_in_its_colour() -> None:
    skin = np.zeros((300, 400), np.uint8)
    skin[20:280, 20:380] = 255
    drawn, _ = annotated(picture(), skin, [], [], side=1000)
    assert np.allclose(drawn[20, 200], COLOURS[Layer.SKIN], atol=16)


@pytest.mark.parametrize("marks", [[], [Mark("nothing", RED, np.zeros((300, 400), np.uint8))]])
def test_nothing_found_leaves_the_picture(marks: list[Mark]) -> None:
    drawn, _ = annotated(picture(), np.zeros((300, 400), np.uint8), marks, [], side=1000)
    assert (drawn[:300] == 150).all()


def test_a_large_picture_is_reduced_and_text_too_wide_is_written_smaller() -> None:
    drawn, scale = annotated(picture(1200, 800), None, [], ["w" * 300], side=600)
    assert scale == 0.5
    assert drawn.shape[1] == 400
    assert (drawn[600:, -5:] == 255).all()
