"""A square of a picture and the way back."""

import cv2
import numpy as np
import pytest

from station.geometry.network import SIDE
from station.geometry.square import Square

pytestmark = pytest.mark.unit


def spot(
    width: int, height: int, x: int, y: int, radius: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    picture = np.zeros((height, width, 3), np.uint8)
    cv2.circle(picture, (x, y), radius, (255, 255, 255), -1)
    return picture


@pytest.mark.parametrize("extent", [200.0, 256.0, 700.0, 1500.0])
def test_a_place_comes_back_to_where_it_was(extent: float) -> None:
    picture = spot(1280, 720, 640, 300, 30)
    square = Square(600.0, 320.0, extent)
    seen = square.cut(picture)
    assert seen.shape == (SIDE, SIDE, 3)
    rows, columns = np.nonzero(seen[..., 0] > 127)
    middle = np.array([[columns.mean() + 0.5, rows.mean() + 0.5]], np.float32) / np.float32(SIDE)
    assert square.outwards(middle)[0] == pytest.approx((640.5, 300.5), abs=extent / SIDE)


def test_a_map_is_laid_back_where_it_was_seen() -> None:
    picture = spot(1280, 720, 640, 300, 60)
    square = Square(600.0, 320.0, 500.0)
    mask = np.where(square.cut(picture)[..., 0] > 127, np.uint8(255), np.uint8(0))
    back = square.laid_back(mask, 1280, 720)
    truth = picture[..., 0] > 127
    assert ((back > 0) & truth).sum() / ((back > 0) | truth).sum() > 0.95


def test_a_square_beyond_the_edge_sees_the_edge_go_on() -> None:
    picture = np.full((100, 200, 3), 90, np.uint8)
    assert (Square(-40.0, 50.0, 120.0).cut(picture) == 90).all()
    assert not Square(-400.0, 50.0, 120.0).laid_back(np.full((SIDE, SIDE), 255, np.uint8), 200, 100).any()
