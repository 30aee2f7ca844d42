"""Agreement against cases worked out by hand."""

import numpy as np
import pytest

from training.exam.agreement import (
    auc,
    class_f1,
    expected_calibration_error,
    macro_f1,
    pearson,
    quadratic_weighted_kappa,
    within_one,
)
from training.exam.intervals import bootstrap, wilson

pytestmark = pytest.mark.unit


def test_kappa_weighs_distances_by_their_square() -> None:
    truth = np.array([0.0, 1.0, 2.0, 2.0])
    assert quadratic_weighted_kappa(truth, truth, 3) == 1.0
    # Observed: one pair two apart, 4. Expected: true (1,1,2), said (2,1,1): (1*1 + 4*1 + 1*2 + 1*1 + 4*2*2 + 1*2*1) / 4.
    predicted = np.array([0.0, 1.0, 2.0, 0.0])
    assert quadratic_weighted_kappa(truth, predicted, 3) == pytest.approx(1 - 4 / (26 / 4))


def test_within_one() -> None:
    assert within_one(np.array([0.0, 1, 2, 4]), np.array([1.0, 1, 4, 3])) == 0.75


def test_f1_of_a_class_and_over_labels() -> None:
    truth, predicted = np.array([1.0, 1, 0, 0]), np.array([1.0, 0, 1, 0])
    assert class_f1(truth, predicted) == 0.5
    both = np.stack([truth, truth], 1)
    assert macro_f1(both, np.stack([predicted, truth], 1)) == 0.75


def test_auc_shares_ties() -> None:
    truth = np.array([False, False, True, True])
    assert auc(np.array([0.1, 0.2, 0.3, 0.4]), truth) == 1.0
    assert auc(np.array([0.1, 0.4, 0.3, 0.2]), truth) == 0.5
    assert auc(np.zeros(4), truth) == 0.5
    assert np.isnan(auc(np.zeros(4), np.zeros(4, bool)))


def test_correlations() -> None:
    a = np.array([1.0, 2, 3, 4])
    assert pearson(a, 2 * a + 1) == pytest.approx(1)
    assert np.isnan(pearson(a, np.ones(4)))


def test_calibration_error_is_the_gap_of_each_bin() -> None:
    probability = np.array([0.95, 0.95, 0.15, 0.15])
    truth = np.array([True, True, False, True])
    assert expected_calibration_error(probability, truth) == pytest.approx(0.5 * 0.05 + 0.5 * 0.35)


def test_wilson_against_published_values() -> None:
    # R. G. Newcombe, Stat. Med. 17, 1998, table I: 81 of 263.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20)[0] == 0.0


def test_a_bootstrap_covers_the_mean_and_is_repeatable() -> None:
    rows = np.random.default_rng(3).normal(5, 1, (400, 1))
    low, high = bootstrap(rows, lambda r: float(r.mean()))
    assert low < rows.mean() < high
    assert high - low == pytest.approx(2 * 1.96 / 20, rel=0.25)
    assert bootstrap(rows, lambda r: float(r.mean())) == (low, high)
    assert np.isnan(bootstrap(rows[:1], lambda r: float(r.mean()))[0])


def test_a_bootstrap_draws_subjects_not_their_pictures() -> None:
    rows = np.repeat(np.random.default_rng(3).normal(5, 1, (40, 1)), 10, axis=0)
    alone = bootstrap(rows, lambda r: float(r.mean()))
    subjects = np.repeat(np.arange(40), 10)
    by_subject = bootstrap(rows, lambda r: float(r.mean()), subjects)
    assert by_subject[1] - by_subject[0] > 2.5 * (alone[1] - alone[0])
