"""Overlap of predicted and true areas: masks by Dice, lines with a tolerance, lesions one by one.

Everything is counted per picture and summed before it is divided, so that an interval can be had by drawing
pictures again (`training.exam.intervals`). Rows of counts are float64 and in the order the functions below say.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching

Mask = NDArray[np.bool_]
Counts = NDArray[np.float64]

LEAST_IOU = 0.3
"""Intersection over union from which a predicted lesion is a true one, where neither centre lies in the other."""
NEAR_PX = 2
"""Distance within which a line is found."""
LEAST_AREA_PX = 60.0
"""True area from which the error of an area is told."""

_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Disc:
    """A true lesion as a disc, px."""

    y: float
    x: float
    radius: float


def dice_counts(predicted: Mask, truth: Mask, ignore: Mask | None = None) -> Counts:
    """[pixels in both, predicted pixels, true pixels] outside `ignore`."""
    valid = np.ones(truth.shape, bool) if ignore is None else ~ignore
    found, true = predicted & valid, truth & valid
    return np.array([(found & true).sum(), found.sum(), true.sum()], np.float64)


def dice(counts: Counts) -> float:
    """2 |A ∩ B| / (|A| + |B|) of summed `dice_counts`; NaN where there is neither."""
    both, predicted, true = counts
    return float(2 * both / (predicted + true)) if predicted + true else float("nan")


def line_counts(predicted: Mask, truth: Mask, ignore: Mask | None = None) -> Counts:
    """[predicted pixels near truth, predicted, true pixels near a prediction, true], near meaning `NEAR_PX`.

    True pixels in `ignore` are left out, and predictions that are near it and near no other truth.
    """
    scored, kept = truth, predicted
    if ignore is not None:
        scored = truth & ~ignore
        kept = predicted & ~(grown(ignore, NEAR_PX) & ~grown(scored, NEAR_PX))
    hit, reached = kept & grown(scored, NEAR_PX), scored & grown(predicted, NEAR_PX)
    return np.array([hit.sum(), kept.sum(), reached.sum(), scored.sum()], np.float64)


def f1(counts: Counts) -> float:
    """Harmonic mean of precision and recall of summed [correct, predicted, found, true]; NaN where nothing is true."""
    correct, predicted, found, true = counts
    if not true:
        return float("nan")
    precision, recall = correct / max(predicted, 1.0), found / true
    return float(2 * precision * recall / (precision + recall)) if precision + recall else 0.0


def grown(mask: Mask, radius: float) -> Mask:
    """The mask and everything within `radius` px of it."""
    if radius <= 0 or not mask.any():
        return mask
    away = cv2.distanceTransform((~mask).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= radius + 1e-3)


def components(mask: Mask) -> tuple[NDArray[np.int32], int]:
    """Labels 1.. of the pieces of a mask (8-connected), and how many there are."""
    labels, count = ndimage.label(mask, structure=_NEIGHBOURS)
    return labels, int(count)


def lesion_counts(predicted: Mask, truth: Mask, ignore: Mask | None = None) -> Counts:
    """[matched, predicted, matched, true] lesions, as `f1` takes them; the lesions are the pieces of the masks.

    A pair is possible where the centre of one lies in the other or their IoU is `LEAST_IOU`; the pairing is one to
    one and as large as can be. True pieces that are mostly ignored are not scored, nor are unpaired predictions
    that touch `ignore`.
    """
    found, n_found = components(predicted)
    true, n_true = components(truth)
    scored = _scored(true, n_true, ignore)
    pairs = _possible(found, n_found, true, n_true)
    matched_true, matched_found = _paired(pairs)
    excused = 0
    if ignore is not None and n_found:
        touching = np.unique(found[ignore])
        excused = sum(1 for j in touching if j and j not in matched_found)
        excused += sum(1 for i, j in zip(matched_true, matched_found, strict=True) if not scored[i])
    hits = sum(1 for i in matched_true if scored[i])
    return np.array([hits, n_found - excused, hits, scored[1:].sum()], np.float64)


def _scored(labels: NDArray[np.int32], count: int, ignore: Mask | None) -> Mask:
    """For each label, whether less than half of it is ignored; index 0 is no label."""
    if ignore is None:
        return np.ones(count + 1, bool)
    area = np.bincount(labels.ravel(), minlength=count + 1)
    hidden = np.bincount(labels[ignore].ravel(), minlength=count + 1)
    return np.asarray(hidden < 0.5 * area)


def _possible(found: NDArray[np.int32], n_found: int, true: NDArray[np.int32], n_true: int) -> Mask:
    """(true + 1, found + 1) bool: which pieces may be paired."""
    shape = n_true + 1, n_found + 1
    cells = true.ravel() * np.intp(shape[1]) + found.ravel()
    both = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)
    union = both.sum(1, keepdims=True) + both.sum(0, keepdims=True) - both
    possible = np.asarray(both / np.maximum(union, 1) >= LEAST_IOU)
    for labels, count, other, by_row in ((true, n_true, found, True), (found, n_found, true, False)):
        for piece, (y, x) in enumerate(_centres(labels, count), start=1):
            row, column = (piece, other[y, x]) if by_row else (other[y, x], piece)
            possible[row, column] = True
    possible[0], possible[:, 0] = False, False
    return possible


def _centres(labels: NDArray[np.int32], count: int) -> list[tuple[int, int]]:
    if not count:
        return []
    points = ndimage.center_of_mass(np.ones(labels.shape), labels, range(1, count + 1))
    return [(round(float(y)), round(float(x))) for y, x in points]


def _paired(possible: Mask) -> tuple[list[int], list[int]]:
    partner = maximum_bipartite_matching(csr_matrix(possible), perm_type="column")
    rows = [int(row) for row in np.flatnonzero(partner >= 0)]
    return rows, [int(partner[row]) for row in rows]


def disc_hit(predicted: NDArray[np.int32], disc: Disc) -> bool:
    """Whether a piece of the prediction (labels) covers the centre of a true disc, or has its IoU with it."""
    height, width = predicted.shape
    y, x = min(max(round(disc.y), 0), height - 1), min(max(round(disc.x), 0), width - 1)
    if predicted[y, x]:
        return True
    inside = disc_mask(predicted.shape, disc)
    pieces, areas = np.unique(predicted[inside], return_counts=True)
    for piece, area in zip(pieces, areas, strict=True):
        if piece and area / ((predicted == piece).sum() + inside.sum() - area) >= LEAST_IOU:
            return True
    return False


def disc_mask(shape: tuple[int, ...], disc: Disc) -> Mask:
    """The pixels of a disc, its centre's among them."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.asarray((rows - disc.y) ** 2 + (columns - disc.x) ** 2 <= max(disc.radius, 0.71) ** 2)


def area_error(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Mean of |predicted - true| / true over pictures with a true area of `LEAST_AREA_PX`; NaN where there is none."""
    kept = true >= LEAST_AREA_PX
    return float(np.mean(np.abs(predicted - true)[kept] / true[kept])) if kept.any() else float("nan")


def area_bias(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Predicted over true area of all pictures together, minus one."""
    return float(predicted.sum() / true.sum() - 1) if true.sum() else float("nan")
