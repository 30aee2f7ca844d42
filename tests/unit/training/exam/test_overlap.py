"""Overlap against cases counted by hand."""

import numpy as np
import pytest

from training.exam.overlap import (
    Disc,
    area_bias,
    area_error,
    components,
    dice,
    dice_counts,
    disc_hit,
    disc_mask,
    f1,
    lesion_counts,
    line_counts,
)

pytestmark = pytest.mark.unit


def blank() -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    return np.zeros((40, 40), bool)


def test_dice_of_half_overlapping_bars() -> None:
    truth, predicted = blank(), blank()
    truth[10, 10:20] = True
    predicted[10, 15:25] = True
    counts = dice_counts(predicted, truth)
    assert counts.tolist() == [5, 10, 10]
    assert dice(counts) == 0.5
    ignore = blank()
    ignore[:, 15:17] = True
    assert dice_counts(predicted, truth, ignore).tolist() == [3, 8, 8]
    assert np.isnan(dice(np.zeros(3)))


def test_a_line_two_pixels_off_is_found_and_one_three_off_is_not() -> None:
    truth = blank()
    truth[20, 5:35] = True
    for offset, expected in ((0, 1.0), (2, 1.0), (3, 0.0)):
        predicted = blank()
        predicted[20 + offset, 5:35] = True
        assert f1(line_counts(predicted, truth)) == expected


def test_half_a_line_has_full_precision_and_half_the_recall() -> None:
    truth, predicted = blank(), blank()
    truth[20, 4:36] = True
    predicted[20, 4:18] = True
    assert line_counts(predicted, truth).tolist() == [14, 14, 16, 32]
    assert f1(line_counts(predicted, truth)) == pytest.approx(2 / 3)


def test_an_ignored_line_is_neither_missed_nor_wrongly_found() -> None:
    truth, ignore = blank(), blank()
    truth[10, 5:35] = truth[30, 5:35] = True
    ignore[30, 5:35] = True
    predicted = blank()
    predicted[10, 5:35] = True
    assert f1(line_counts(predicted, truth, ignore=ignore)) == 1.0
    predicted[31, 5:35] = True
    assert f1(line_counts(predicted, truth, ignore=ignore)) == 1.0


def test_lesions_are_paired_one_to_one() -> None:
    truth, predicted = blank(), blank()
    truth[5:10, 5:10] = truth[20:25, 5:10] = truth[30:35, 30:35] = True
    predicted[6:9, 6:9] = True  # centre in the first
    predicted[20:25, 5:7] = predicted[20:25, 8:10] = True  # both in the second: one counts, one is wrong
    assert lesion_counts(predicted, truth).tolist() == [2, 3, 2, 3]
    assert f1(lesion_counts(predicted, truth)) == pytest.approx(2 / 3)


def test_an_ignored_lesion_counts_neither_way() -> None:
    truth, predicted, ignore = blank(), blank(), blank()
    truth[5:10, 5:10] = truth[20:25, 20:25] = True
    ignore[20:25, 20:25] = True
    predicted[5:10, 5:10] = True
    assert lesion_counts(predicted, truth, ignore).tolist() == [1, 1, 1, 1]
    predicted[21:24, 21:24] = True
    assert lesion_counts(predicted, truth, ignore).tolist() == [1, 1, 1, 1]


def test_no_lesion_no_prediction() -> None:
    assert lesion_counts(blank(), blank()).tolist() == [0, 0, 0, 0]


def test_a_disc_is_hit_at_its_centre_or_by_overlap() -> None:
    disc = Disc(20, 20, 5)
    assert disc_mask((40, 40), disc).sum() == 81
    predicted = blank()
    predicted[20, 20] = True
    assert disc_hit(components(predicted)[0], disc)
    beside = disc_mask((40, 40), disc)
    beside[19:22, 19:22] = False
    assert disc_hit(components(beside)[0], disc)
    small = blank()
    small[20, 23] = True
    assert not disc_hit(components(small)[0], disc)


def test_area_error_and_bias() -> None:
    true, predicted = np.array([100.0, 200.0, 10.0]), np.array([90.0, 240.0, 0.0])
    assert area_error(predicted, true) == pytest.approx(0.15)
    assert area_bias(predicted, true) == pytest.approx(330 / 310 - 1)
