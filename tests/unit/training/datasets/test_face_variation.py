"""What is done to pictures of faces in training."""

import cv2
import numpy as np
import pytest

from training.datasets.face_variation import BLOOD, MELANIN, altered

pytestmark = pytest.mark.unit


def grey() -> np.ndarray:
    return np.full((96, 96, 3), 128, np.uint8)


def test_the_same_draw_alters_alike_and_another_otherwise() -> None:
    one, again, other = (altered(np.random.default_rng(seed), grey()) for seed in (1, 1, 2))
    assert one.dtype == np.uint8
    assert one.shape == (96, 96, 3)
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_light_comes_from_elsewhere_in_some_pictures_only() -> None:
    """Without specks and mottling (medians of blocks), a plain picture stays plain or gets a smooth fall."""
    spread = []
    for seed in range(40):
        made = altered(np.random.default_rng(seed), grey())
        blocks = cv2.medianBlur(made, 25)[12:-12:12, 12:-12:12].astype(float)
        spread.append(np.ptp(blocks.mean(2)))
    assert min(spread) < 4
    assert max(spread) > 12


def test_specks_are_brown_and_not_red() -> None:
    """Blood darkens green most, melanin blue: what tells a freckle from a papule."""
    assert MELANIN.argmax() == 2
    assert BLOOD.argmax() == 1
    darkest = []
    for seed in range(40):
        made = altered(np.random.default_rng(seed), grey()).astype(float)
        drop = cv2.medianBlur(made.astype(np.uint8), 31) - made
        y, x = np.unravel_index(drop.sum(2).argmax(), drop.shape[:2])
        if drop[y, x].sum() > 30:
            darkest.append(drop[y, x])
    assert len(darkest) > 5
    assert np.mean(darkest, 0)[2] > np.mean(darkest, 0)[0]
