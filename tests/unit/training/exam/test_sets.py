"""Sets share no seed with each other, cover the tones, and shift to where training is not."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from phantom import ITA_CLASSES, ita_class
from training.exam.portrait_shift import groups, rows
from training.exam.sets import FIRST_SEED, SIZES, seeds, through_booth, tones

pytestmark = pytest.mark.unit

PARTS = ("in-range", "shifted", "faint", "clean", "clean shifted", "tuning", "booth", "one group")


def test_parts_share_no_seed() -> None:
    ranges = sorted((seeds(part, 100_000) for part in PARTS), key=lambda each: each.start)
    assert all(one.stop <= other.start for one, other in pairwise(ranges))
    assert ranges[0].start >= FIRST_SEED


def test_tones_take_the_classes_in_turn() -> None:
    drawn = list(tones("shifted", SIZES["full"].pictures))
    assert all(ita_class(ita) == name for _, name, ita in drawn)
    assert min(Counter(name for _, name, _ in drawn).values()) >= SIZES["full"].fairness
    assert {name for _, name, _ in drawn} == set(ITA_CLASSES)
    assert drawn == list(tones("shifted", SIZES["full"].pictures))


def test_the_booth_hands_pictures_on_with_noise_and_leak() -> None:
    dark, bright = np.full((40, 40, 3), 90, np.uint8), np.full((40, 40, 3), 90, np.uint8)
    bright[10:20, 10:20] = 250
    seen = through_booth({"parallel_polarised": bright, "cross_polarised": dark}, 5)
    assert seen.keys() == {"parallel_polarised", "cross_polarised"}
    assert abs(float(seen["parallel_polarised"][30:].mean()) - 90) < 2
    assert seen["cross_polarised"][12:18, 12:18].mean() > seen["cross_polarised"][30:].mean() + 3
    again = through_booth({"parallel_polarised": bright, "cross_polarised": dark}, 5)
    assert all((again[light] == seen[light]).all() for light in seen)


@pytest.mark.parametrize("name", rows())
def test_portraits_are_shifted_to_where_training_is_not(name: str) -> None:
    row = rows()[name]
    low, high = row["train"]
    assert row["group"] in groups()
    assert row["unit"]
    assert all(stop <= low or start >= high for start, stop in row["shifted"])
    assert all(start < stop for start, stop in row["shifted"])
