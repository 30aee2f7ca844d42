"""Thresholds of the training-free opponents, tuned on the in-range set only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]
QUANTILES = (0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.965, 0.975, 0.985, 0.99, 0.994, 0.997)


def best_threshold(candidates: NDArray[np.floating], quality: Callable[[float], float]) -> float:
    """The candidate of highest quality; the first of equals. ValueError where none has one."""
    values = np.array([quality(float(each)) for each in candidates])
    if not np.isfinite(values).any():
        raise ValueError("no threshold has a quality on the in-range set")
    return float(candidates[int(np.nanargmax(values))])


def quantiles(scores: Scores) -> NDArray[np.floating]:
    """Candidates from the scores themselves."""
    return np.unique(np.quantile(scores, QUANTILES))
