"""What is not skin takes the colour of the skin beside it."""

import cv2
import numpy as np
import pytest

from server.inference.bare import bare_skin

pytestmark = pytest.mark.unit


def test_background_and_eyes_vanish_and_skin_stays() -> None:
    picture = np.full((300, 400, 3), (20, 40, 200), np.uint8)
    skin = np.zeros((300, 400), np.uint8)
    cv2.ellipse(skin, (200, 150), (120, 130), 0, 0, 360, 255, -1)
    cv2.circle(skin, (160, 120), 12, 0, -1)
    picture[skin > 0] = (190, 140, 110)
    picture[150, 210] = (90, 60, 40)
    bare = bare_skin(picture, skin, (20, 10, 360, 280), 5.0)
    assert bare.shape == (280, 360, 3)
    assert np.abs(bare[140, 190].astype(int) - (90, 60, 40)).max() <= 1
    without = np.delete(bare.reshape(-1, 3).astype(int), 140 * 360 + 190, axis=0)
    assert np.abs(without - (190, 140, 110)).max() <= 3


def test_a_picture_that_is_all_skin_is_left_alone() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (50, 60, 3), np.uint8)
    whole = np.full((50, 60), 255, np.uint8)
    assert np.array_equal(bare_skin(picture, whole, (10, 5, 40, 30), 5.0), picture[5:35, 10:50])
