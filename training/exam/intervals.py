"""95 % intervals: bootstrap by subject for anything computed from rows, Wilson's for plain shares."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
DRAWS = 400
_LEVEL = 0.95
_Z = 1.959964


def bootstrap(
    rows: Rows,
    statistic: Callable[[Rows], float],
    subjects: NDArray[np.int_] | None = None,
) -> tuple[float, float]:
    """Percentile interval of `statistic(rows)` when subjects are drawn again with replacement, all rows of each.

    `subjects` is the subject of each row, or None where every row is one of its own. Draws whose statistic is NaN
    are left out; (NaN, NaN) where all are or there are fewer than two subjects.
    """
    groups = _groups(len(rows), subjects)
    if len(groups) < 2:
        return float("nan"), float("nan")
    rng = np.random.default_rng(0)  # the same rows give the same interval
    values = np.array([statistic(rows[_redrawn(rng, groups, len(rows))]) for _ in range(DRAWS)])
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return float(low), float(high)


def _groups(count: int, subjects: NDArray[np.int_] | None) -> list[NDArray[np.intp]]:
    if subjects is None:
        return list(np.arange(count)[:, None])
    order = np.argsort(subjects, kind="stable")
    starts = np.flatnonzero(np.diff(subjects[order])) + 1
    return list(np.split(order, starts)) if count else []


def _redrawn(rng: np.random.Generator, groups: list[NDArray[np.intp]], count: int) -> NDArray[np.intp]:
    drawn = rng.integers(0, len(groups), len(groups))
    # One row a subject: the rows need not be gathered.
    return drawn if len(groups) == count else np.concatenate([groups[index] for index in drawn])


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """Wilson's score interval of a share (E. B. Wilson, JASA 22, 1927); (NaN, NaN) without trials."""
    if not trials:
        return float("nan"), float("nan")
    share, spread = successes / trials, _Z**2 / trials
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * math.sqrt(share * (1 - share) / trials + spread / (4 * trials)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)
