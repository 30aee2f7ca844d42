"""Losses of truth that is known in part."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def masked_bce(logits: Tensor, truth: Tensor, known: Tensor) -> Tensor:
    """Binary cross-entropy, the mean over what is known; `known`, of the same shape, is 0 where truth is not."""
    loss = functional.binary_cross_entropy_with_logits(logits.float(), truth.float(), reduction="none")
    weight = known.float()
    return (loss * weight).sum() / weight.sum().clamp_min(1.0)
