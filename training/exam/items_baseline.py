"""The training-free opponent of `skin_items`: chromophore thresholds, Hessian valleys and pits."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from phantom.swatch import ITEMS, Swatch
from training.exam.filters import Plane, brightness, chromophores, pits, raised, valleys
from training.exam.items_scoring import COUNTS, headline_counts, summed
from training.exam.overlap import Counts, dice, f1
from training.exam.thresholds import best_threshold, quantiles

EASY_AUC = 0.80
"""Area under the ROC curve from which on the phantom is too easy: filters alone see its wrinkles or pores."""

Scores = NDArray[np.float32]
HEADLINES: dict[str, tuple[Callable[[Counts], float], tuple[str, ...]]] = {
    "dice melanin": (dice, ("melanin both", "melanin predicted", "melanin true")),
    "dice trouble": (dice, ("trouble both", "trouble predicted", "trouble true")),
    "line F1 wrinkle": (f1, tuple(f"wrinkle {each}" for each in COUNTS)),
    "lesion F1 pore": (f1, tuple(f"pore {each}" for each in COUNTS)),
}
"""The figure of each item, in the order of `ITEMS`: statistic and columns of `score`."""


def item_scores(picture: Swatch) -> Scores:
    """(4, H, W): melanin and blood of the crossed picture above their medians, dark lines and pits of the parallel one."""
    melanin, blood = chromophores(picture.pictures["cross_polarised"])
    relief: Plane = brightness(picture.pictures["parallel_polarised"])
    return np.stack([raised(melanin), raised(blood), valleys(relief), pits(relief)])


def tuned(pictures: Sequence[Swatch]) -> NDArray[np.float64]:
    """The threshold of each item that is best on these pictures, which are to be in range."""
    scores = np.stack([item_scores(each) for each in pictures])
    return np.array([_tuned(index, scores, pictures) for index in range(len(ITEMS))])


def _tuned(index: int, scores: Scores, pictures: Sequence[Swatch]) -> float:
    statistic, columns = HEADLINES[list(HEADLINES)[index]]

    def quality(threshold: float) -> float:
        rows = [
            headline_counts(ITEMS[index], each[index] > threshold, picture)
            for each, picture in zip(scores, pictures, strict=True)
        ]
        return summed(statistic)(np.array([[row[name] for name in columns] for row in rows]))

    return best_threshold(quantiles(scores[:, index]), quality)
