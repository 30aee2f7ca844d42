"""Agreement of graded, probable and continuous answers with the truth, over one row a picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
_BINS = 10


def confusion(truth: Vector, predicted: Vector, classes: int) -> NDArray[np.float64]:
    """Pictures by true (row) and predicted (column) class."""
    cells = truth.astype(int) * classes + predicted.astype(int)
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes).astype(np.float64)


def quadratic_weighted_kappa(truth: Vector, predicted: Vector, classes: int) -> float:
    """Cohen's kappa with squared distances as weights (J. Cohen, Psychol. Bull. 70, 1968).

    1 is perfect, 0 chance; NaN where truth or answer never change class together.
    """
    observed = confusion(truth, predicted, classes)
    steps = np.arange(classes)
    weight = (steps[:, None] - steps) ** 2
    expected = np.outer(observed.sum(1), observed.sum(0)) / max(observed.sum(), 1.0)
    disagreement = (weight * expected).sum()
    return float(1 - (weight * observed).sum() / disagreement) if disagreement else float("nan")


def within_one(truth: Vector, predicted: Vector) -> float:
    """Share of answers at most one grade off."""
    return float(np.mean(np.abs(truth - predicted) <= 1))


def class_f1(truth: Vector, predicted: Vector) -> float:
    """F1 of the class that is 1; NaN where it is neither true nor predicted."""
    both = float(((truth == 1) & (predicted == 1)).sum())
    total = float((truth == 1).sum() + (predicted == 1).sum())
    return 2 * both / total if total else float("nan")


def macro_f1(truth: NDArray[np.float64], predicted: NDArray[np.float64]) -> float:
    """Mean F1 over the columns of (n, labels) arrays of 0 and 1; labels neither true nor predicted do not count."""
    each = np.array([class_f1(t, p) for t, p in zip(truth.T, predicted.T, strict=True)])
    return float(each[np.isfinite(each)].mean()) if np.isfinite(each).any() else float("nan")


def auc(score: Vector, truth: NDArray[np.bool_]) -> float:
    """Area under the ROC curve by ranks, ties shared (Mann-Whitney); NaN where one class is absent."""
    true, false = int(truth.sum()), int((~truth).sum())
    if not true or not false:
        return float("nan")
    ranks = _ranks(score)
    return float((ranks[truth].sum() - true * (true + 1) / 2) / (true * false))


def _ranks(values: Vector) -> Vector:
    """Ranks from 1, equal values sharing theirs."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[index], np.float64)


def pearson(a: Vector, b: Vector) -> float:
    """Linear correlation; NaN below three pairs or where one side is constant."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def expected_calibration_error(probability: Vector, truth: NDArray[np.bool_]) -> float:
    """Mean distance of stated probability and observed share over ten equal bins, weighted by their pictures.

    C. Guo et al., "On calibration of modern neural networks", ICML 2017.
    """
    index = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    gaps = [
        (index == each).mean() * abs(probability[index == each].mean() - truth[index == each].mean())
        for each in np.unique(index)
    ]
    return float(sum(gaps))
