"""The table of ranges and the laws made of it."""

import numpy as np
import pytest

from phantom.ranges import Parameter
from phantom.swatch import GROUPS, Law, parameters

pytestmark = pytest.mark.unit

ROWS = list(parameters().values())


def _named(row: Parameter) -> str:
    return row.name


@pytest.mark.parametrize("row", ROWS, ids=_named)
def test_shifted_ranges_lie_outside_training(row: Parameter) -> None:
    lo, hi = row.train
    assert lo < hi
    for low, high in row.shifted:
        assert low < high
        assert high < lo or low > hi


@pytest.mark.parametrize("row", ROWS, ids=_named)
def test_contrast_alone_is_faint_and_never_shifted(row: Parameter) -> None:
    assert row.group in GROUPS
    assert row.unit
    if row.group == "contrast":
        assert row.faint is not None
        assert row.faint[1] < row.train[0]
        assert not row.shifted
    else:
        assert row.faint is None
        assert row.shifted


def test_every_group_has_parameters() -> None:
    assert {row.group for row in ROWS} == set(GROUPS)


def test_the_shifted_law_leaves_contrast_alone() -> None:
    training, shifted = Law.training(), Law.shifted()
    for row in ROWS:
        assert (training.ranges[row.name] == shifted.ranges[row.name]) == (row.group == "contrast")


def test_one_group_alone() -> None:
    law, training = Law.shifted_in("psf"), Law.training()
    moved = {row.group for row in ROWS if law.ranges[row.name] != training.ranges[row.name]}
    assert moved == {"psf"}
    assert Law.shifted_in("contrast").ranges == Law.faint().ranges
    with pytest.raises(ValueError, match="distractors"):
        Law.shifted_in("weather")  # type: ignore[arg-type]


def test_draws_stay_in_one_of_the_ranges_and_reach_all() -> None:
    law, rng = Law.shifted(), np.random.default_rng(1)
    values = [law.draw(rng, "lentigo_radius") for _ in range(60)]
    hits = [[lo <= value <= hi for lo, hi in law.ranges["lentigo_radius"]] for value in values]
    assert all(sum(each) == 1 for each in hits)
    assert np.array(hits).any(0).all()
