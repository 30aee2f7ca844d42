"""Losses that several recipes share. Maps are [B,C,H,W], one channel an item; `known` is 0 where truth is not."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_SMOOTH = 1.0
"""Added to both sides of the Dice fraction, in pixels: an empty truth that is left empty costs nothing."""


def soft_dice(logits: Tensor, truth: Tensor, known: Tensor | None = None) -> Tensor:
    """1 - Dice of each channel over the whole batch, [C] (Milletari et al., V-Net, 2016, without the squares)."""
    probability, truth = torch.sigmoid(logits.float()), truth.float()
    if known is not None:
        probability, truth = probability * known, truth * known
    both = (probability * truth).sum((0, 2, 3))
    total = probability.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    return 1.0 - (2.0 * both + _SMOOTH) / (total + _SMOOTH)


def masked_bce(
    logits: Tensor, truth: Tensor, known: Tensor | None = None, positive_weight: Tensor | None = None
) -> Tensor:
    """Binary cross-entropy, the mean over what is known; `positive_weight` broadcasts as [C,1,1]."""
    loss = functional.binary_cross_entropy_with_logits(
        logits.float(), truth.float(), reduction="none", pos_weight=positive_weight
    )
    return loss.mean() if known is None else _mean(loss, known)


def bce_dice(
    logits: Tensor,
    truth: Tensor,
    known: Tensor | None = None,
    *,
    bce_weight: float = 2.0,
    positive_weight: Tensor | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Their weighted sum, the cross-entropy, and the mean soft Dice loss."""
    bce = masked_bce(logits, truth, known, positive_weight)
    dice = soft_dice(logits, truth, known).mean()
    return bce_weight * bce + dice, bce, dice


def masked_huber(
    estimate: Tensor, truth: Tensor, mask: Tensor, *, delta: float = 0.2, floor: float = 50.0
) -> Tensor:
    """Huber loss inside `mask`, the mean of the channels' means.

    A channel with fewer than `floor` pixels in the mask counts less, else three pixels of a pore weigh as much as
    a whole patch of pigment.
    """
    inside = mask.float()
    loss = functional.smooth_l1_loss(estimate.float(), truth.float(), reduction="none", beta=delta) * inside
    return (loss.sum((0, 2, 3)) / (inside.sum((0, 2, 3)) + floor)).mean()


def smoothed_cross_entropy(
    logits: Tensor,
    labels: Tensor,
    *,
    smoothing: float = 0.1,
    class_weights: Tensor | None = None,
    unknown: int = -1,
) -> Tensor:
    """Cross-entropy [B,C] against labels [B], smoothed and weighted; examples labelled `unknown` do not count."""
    labels = labels.long()
    if not bool((labels != unknown).any()):
        return logits.sum() * 0.0
    return functional.cross_entropy(
        logits.float(), labels, weight=class_weights, label_smoothing=smoothing, ignore_index=unknown
    )


def balanced_weights(counts: Tensor) -> Tensor:
    """Class weights that make up for unequal counts: inverse to them, mean 1; 0 for a class without examples."""
    counts = counts.float()
    inverse = torch.where(counts > 0, 1.0 / counts.clamp_min(1.0), torch.zeros_like(counts))
    return inverse * ((counts > 0).sum() / inverse.sum().clamp_min(1e-12))


def _mean(loss: Tensor, known: Tensor) -> Tensor:
    weight = known.float().expand_as(loss)
    return (loss * weight).sum() / weight.sum().clamp_min(1.0)
