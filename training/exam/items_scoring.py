"""One swatch scored: what is found of its four items against what is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from phantom.swatch import ITEMS, Item, Swatch
from training.exam.agreement import auc, pearson
from training.exam.intervals import Rows
from training.exam.overlap import (
    Counts,
    Disc,
    Mask,
    components,
    dice_counts,
    disc_hit,
    lesion_counts,
    line_counts,
)

FULL: Final = (3.0, 3.0, 0.30, 0.20)
"""Intensity that 255 stands for: log-melanin gain, log-blood gain, depth in mm, depth in mm."""
COMEDONES: Final = ("open_comedo", "closed_comedo")
KINDS: Final = ("papule", "pustule", *COMEDONES)
LEAST_AREA: Final = 60
"""True px that a picture needs for its area error and intensity to count."""
_STRIDE = 3


COUNTS: Final = ("correct", "found", "reached", "there")
OVERLAP: Final = ("both", "predicted", "true")


def score(found: Mask, truth: Swatch) -> dict[str, float]:
    """Counts of a (4, H, W) prediction, by name, to be summed over pictures."""
    numbers: dict[str, float] = {}
    for index, item in enumerate(ITEMS):
        true, ignore = truth.masks[index] > 0, truth.ignore[index]
        numbers |= _named(item, OVERLAP, dice_counts(found[index], true, ignore))
    for item in ("wrinkle", "pore"):
        numbers |= headline_counts(item, found[ITEMS.index(item)], truth)
    return numbers | _hits(found[1], truth)


def headline_counts(item: Item, found: Mask, truth: Swatch) -> dict[str, float]:
    """The counts of one item's own figure: areas of melanin and trouble, lines of wrinkles, lesions of pores."""
    index = ITEMS.index(item)
    true, ignore = truth.masks[index] > 0, truth.ignore[index]
    if item == "wrinkle":
        return _named(item, COUNTS, line_counts(found, true, ignore=ignore))
    if item == "pore":
        return _named(item, COUNTS, lesion_counts(found, true, ignore))
    return _named(item, OVERLAP, dice_counts(found, true, ignore))


def _named(item: Item, names: tuple[str, ...], counts: Counts) -> dict[str, float]:
    return {f"{item} {name}": float(each) for name, each in zip(names, counts, strict=True)}


def _hits(found: Mask, truth: Swatch) -> dict[str, float]:
    """Of each kind of trouble: how many are there that are not too faint, and how many of them are hit."""
    labels, _ = components(found)
    numbers = {f"{kind} {what}": 0.0 for kind in KINDS for what in ("there", "hit")}
    for lesion in truth.lesions:
        if lesion.visible and lesion.kind in KINDS:
            numbers[f"{lesion.kind} there"] += 1
            numbers[f"{lesion.kind} hit"] += disc_hit(labels, Disc(lesion.y, lesion.x, lesion.radius))
    return numbers


def intensity(values: NDArray[np.uint8], truth: Swatch) -> dict[str, float]:
    """Mean true and predicted intensity within the true mask, of items with at least `LEAST_AREA` px."""
    numbers: dict[str, float] = {}
    for index, item in enumerate(ITEMS):
        inside = (truth.masks[index] > 0) & ~truth.ignore[index]
        if inside.sum() >= LEAST_AREA:
            numbers[f"{item} intensity"] = float(truth.intensity[index][inside].mean())
            numbers[f"{item} said"] = float(values[index][inside].mean()) / 255 * FULL[index]
    return numbers


def pixel_auc(scores: NDArray[Any], truth: Swatch) -> dict[str, float]:
    """Area under the ROC curve of every third pixel each way, of items between 20 px and most of the picture."""
    numbers: dict[str, float] = {}
    for index, item in enumerate(ITEMS):
        valid = ~truth.ignore[index, ::_STRIDE, ::_STRIDE]
        true = truth.masks[index, ::_STRIDE, ::_STRIDE][valid] > 0
        if 20 < truth.masks[index].sum() < 0.8 * truth.masks[index].size and true.any():
            numbers[f"{item} AUC"] = auc(scores[index, ::_STRIDE, ::_STRIDE][valid].astype(np.float64), true)
    return numbers


def summed(statistic: Callable[[Counts], float]) -> Callable[[Rows], float]:
    """`statistic` of the columns' sums."""

    def of(rows: Rows) -> float:
        return statistic(np.nansum(rows, axis=0))

    return of


def correlation(rows: Rows) -> float:
    """Pearson's of two columns, over rows that have both."""
    kept = rows[np.isfinite(rows).all(1)]
    return pearson(kept[:, 0], kept[:, 1])


def mean(rows: Rows) -> float:
    """Of the first column, over rows that have it."""
    kept = rows[np.isfinite(rows[:, 0]), 0]
    return float(kept.mean()) if len(kept) else float("nan")


def ratio(rows: Rows) -> float:
    """Sum of the first columns over that of the last."""
    total = np.nansum(rows, axis=0)
    return float(total[:-1].sum() / total[-1]) if total[-1] else float("nan")
