"""Repeatability against published examples and arithmetic by hand."""

import numpy as np
import pytest

from station.calibration import bland_altman, icc_agreement, repeatability, within_subject

pytestmark = pytest.mark.unit

JUDGES = np.array(
    [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], np.float64
)
"""Six targets, four judges: Shrout and Fleiss (1979), table 2."""
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
"""Peak flow in l/min by two meters: Bland and Altman (1986), table 1."""


def test_icc_of_shrout_and_fleiss() -> None:
    found = icc_agreement(JUDGES)
    assert found is not None
    assert found.value == pytest.approx(0.290, abs=0.001)
    assert (found.low, found.high) == pytest.approx((0.019, 0.761), abs=0.001)


def test_limits_of_agreement_of_bland_and_altman() -> None:
    found = bland_altman(np.column_stack([MINI, WRIGHT]).astype(np.float64))
    assert found.bias.value == pytest.approx(-2.1, abs=0.05)
    assert (found.bias.low, found.bias.high) == pytest.approx((-22.0, 17.8), abs=0.1)
    # The paper rounds 1.96 to 2 and reads -79.7 and 75.5; the standard deviation is 38.8.
    deviation = (found.upper.value - found.bias.value) / 1.96
    assert deviation == pytest.approx(38.8, abs=0.05)
    assert found.bias.value - 2 * deviation == pytest.approx(-79.7, abs=0.1)
    assert found.upper.high - found.upper.low == pytest.approx(110.1 - 40.9, abs=0.6)


def test_within_subject_deviation_by_hand() -> None:
    """Variances 1 and 4 of three captures: mean 2.5 on four degrees of freedom, chi-square 11.1433 and 0.4844."""
    values = np.array([[9.0, 10.0, 11.0], [18.0, 20.0, 22.0]])
    found = within_subject(values)
    assert found.value == pytest.approx(2.5**0.5)
    assert (found.low, found.high) == pytest.approx(((10 / 11.1433) ** 0.5, (10 / 0.48442) ** 0.5), rel=1e-4)
    told = repeatability(values)
    assert told.smallest_change.value == pytest.approx(1.96 * 2**0.5 * 2.5**0.5, rel=1e-4)
    assert told.cv_percent is not None
    assert told.cv_percent.value == pytest.approx(100 * 2.5**0.5 / 15)
    assert len(told.bland_altman.points) == 6


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Between-subject deviation 2, within 1: ICC 0.8."""
    rng = np.random.default_rng(3)
    icc = sem = 0
    for _ in range(200):
        values = 10 + rng.normal(0, 2, (10, 1)) + rng.normal(0, 1, (10, 3))
        told = repeatability(values)
        assert told.icc is not None
        icc += told.icc.low <= 0.8 <= told.icc.high
        sem += told.sem.low <= 1 <= told.sem.high
    assert icc >= 180
    assert sem >= 180


def test_what_does_not_vary_or_is_not_positive() -> None:
    same = repeatability(np.full((3, 2), 4.0))
    assert same.icc is None
    assert (same.sem.value, same.smallest_change.value) == (0, 0)
    signed = repeatability(np.array([[-1.0, 1.0], [2.0, 3.0], [5.0, 4.0]]))
    assert signed.cv_percent is None
    perfect = repeatability(np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]))
    assert perfect.icc is not None
    assert perfect.icc.value == 1


@pytest.mark.parametrize("shape", [(1, 3), (3, 1), (3,)])
def test_too_little_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two subjects"):
        repeatability(np.zeros(shape))
    with pytest.raises(ValueError, match="every capture"):
        repeatability(np.array([[1.0, np.nan], [1.0, 2.0]]))


def test_subjects_that_are_all_alike_have_no_correlation() -> None:
    found = icc_agreement(np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]))
    assert found is not None
    assert (found.value, found.low, found.high) == (0, 0, 0)
