"""The losses on values that can be worked out by hand."""

import pytest
import torch

from training.losses import masked_bce

pytestmark = pytest.mark.unit


def test_what_is_unknown_does_not_count() -> None:
    truth = torch.tensor([[1.0, 0.0, 1.0]])
    wrong = 50 * (1 - 2 * truth)
    known = torch.zeros_like(truth)
    assert float(masked_bce(wrong, truth, known)) == 0
    known[0, :2] = 1
    assert float(masked_bce(wrong, truth, known)) == pytest.approx(50)
    assert float(masked_bce(torch.zeros(1, 3), truth, known)) == pytest.approx(0.6931, abs=1e-4)
