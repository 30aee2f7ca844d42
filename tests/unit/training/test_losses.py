"""The losses on values that can be worked out by hand."""

import math

import pytest
import torch

from training.losses import (
    balanced_weights,
    bce_dice,
    masked_bce,
    masked_huber,
    smoothed_cross_entropy,
    soft_dice,
)

pytestmark = pytest.mark.unit

LARGE = 50.0


def _truth() -> torch.Tensor:
    truth = torch.zeros(2, 2, 10, 10)
    truth[:, 0, :5] = 1
    return truth


def test_a_perfect_mask_costs_nothing_also_an_empty_one() -> None:
    truth = _truth()
    total, bce, dice = bce_dice((2 * truth - 1) * LARGE, truth)
    assert [float(each) for each in (total, bce, dice)] == pytest.approx([0, 0, 0], abs=1e-6)


def test_dice_of_half_the_overlap() -> None:
    logits = torch.full((2, 2, 10, 10), -LARGE)
    logits[:, 0, :, :5] = LARGE  # 100 pixels, 50 of them right, of 100 true ones
    assert float(soft_dice(logits, _truth())[0]) == pytest.approx(1 - 101 / 201)


def test_what_is_unknown_does_not_count() -> None:
    truth = _truth()
    wrong = -(2 * truth - 1) * LARGE
    known = torch.zeros_like(truth)
    assert float(masked_bce(wrong, truth, known)) == 0
    assert soft_dice(wrong, truth, known).tolist() == [0, 0]
    known[:, :, 0, 0] = 1
    assert float(masked_bce(wrong, truth, known)) == pytest.approx(LARGE)


def test_huber_is_square_then_straight() -> None:
    mask = torch.ones(1, 1, 10, 10)
    zeros = torch.zeros_like(mask)
    assert float(masked_huber(zeros + 0.1, zeros, mask, floor=0)) == pytest.approx(0.5 * 0.01 / 0.2)
    assert float(masked_huber(zeros + 1.0, zeros, mask, floor=0)) == pytest.approx(1.0 - 0.1)
    assert float(masked_huber(zeros + 1.0, zeros, zeros)) == 0
    few = zeros.clone()
    few[0, 0, 0, :5] = 1
    assert float(masked_huber(zeros + 1.0, zeros, few)) == pytest.approx(5 * 0.9 / 55)


def test_smoothing_and_unknown_labels() -> None:
    logits = torch.zeros(3, 4, requires_grad=True)
    loss = smoothed_cross_entropy(logits, torch.tensor([0, 3, -1]))
    assert float(loss.detach()) == pytest.approx(math.log(4))
    none = smoothed_cross_entropy(logits, torch.tensor([-1, -1, -1]))
    none.backward()  # type: ignore[no-untyped-call]
    assert float(none.detach()) == 0
    sure = torch.tensor([[LARGE, -LARGE]])
    assert float(smoothed_cross_entropy(sure, torch.tensor([0]))) == pytest.approx(0.05 * 2 * LARGE)


def test_rare_classes_weigh_more() -> None:
    weights = balanced_weights(torch.tensor([30.0, 10.0, 0.0]))
    assert weights.tolist() == pytest.approx([0.5, 1.5, 0.0])
