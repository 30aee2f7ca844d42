"""Sharpness from slanted edges (ISO 12233, edge-based spatial frequency response), and the best of a focus series."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

OVERSAMPLING: Final = 4
"""Bins per pixel across the edge."""
_ALONG, _ACROSS = 0.6, 0.35
"""Share of a side that is read, and reach to either side of it, as share of its length."""
_SHORTEST: Final = 24
"""Length of an edge in px under which nothing is told."""

Plane = NDArray[np.float32]


def edge_mtf50(y: Plane, square: NDArray[np.float64]) -> float | None:
    """Mean MTF50 of the four sides of a dark square, in cycles/px.

    `y` is linear luminance (height, width), `square` its corners (4, 2) in px, slanted against the pixels. None where the
    square is too small or an edge cannot be made out.
    """
    found = [_side_mtf50(y, square[side], square[(side + 1) % 4], square.mean(0)) for side in range(4)]
    told = [value for value in found if value is not None]
    return float(np.mean(told)) if len(told) == 4 else None


def mtf50(profile: NDArray[np.float64], step_px: float) -> float | None:
    """Frequency in cycles/px at which the spectrum of an edge's derivative is half of its value at zero."""
    spread = np.diff(profile)
    spread = spread * np.hamming(len(spread))
    spectrum = np.abs(np.fft.rfft(spread, 8 * len(spread)))
    if spectrum[0] <= 0:
        return None
    ratio = spectrum / spectrum[0]
    below = np.flatnonzero(ratio < 0.5)
    if not len(below):
        return None
    last = int(below[0])
    fraction = (ratio[last - 1] - 0.5) / (ratio[last - 1] - ratio[last])
    return float((last - 1 + fraction) / (8 * len(spread) * step_px))


@dataclass(frozen=True)
class BestFocus:
    """The top of a focus series."""

    position: float
    """In the unit of the positions given."""
    mtf50: float
    """Cycles/px there."""


def best_focus(series: Sequence[tuple[float, float]]) -> BestFocus:
    """The top of (position, MTF50) pairs: of the parabola through the highest and its neighbours.

    Raises `ValueError` with fewer than three positions, or where the highest is the first or the last.
    """
    ordered = sorted(series)
    if len(ordered) < 3:
        raise ValueError(f"{len(ordered)} focus positions: take three at least")
    top = max(range(len(ordered)), key=lambda index: ordered[index][1])
    if top in {0, len(ordered) - 1}:
        raise ValueError("the sharpest picture is at the end of the focus series: carry on beyond it")
    x, y = np.array(ordered[top - 1 : top + 2]).T
    bend, slope, _ = np.polyfit(x - x[1], y, 2)
    if bend >= 0:
        return BestFocus(float(x[1]), float(y[1]))
    offset = float(-slope / (2 * bend))
    return BestFocus(float(x[1]) + offset, float(y[1] + slope * offset / 2))


def _side_mtf50(
    y: Plane, start: NDArray[np.float64], end: NDArray[np.float64], inside: NDArray[np.float64]
) -> float | None:
    length = float(np.hypot(*(end - start)))
    if length < _SHORTEST:
        return None
    along = (end - start) / length
    normal = np.array([-along[1], along[0]])
    normal = normal if (inside - start) @ normal < 0 else -normal
    middle, reach = (start + end) / 2, _ACROSS * length
    samples = _samples(y, middle, along, normal, (_ALONG * length / 2, reach))
    if samples is None:
        return None
    profile = _profile(*samples, reach)
    return None if profile is None else mtf50(profile, 1 / OVERSAMPLING)


def _samples(
    y: Plane,
    middle: NDArray[np.float64],
    along: NDArray[np.float64],
    normal: NDArray[np.float64],
    reach: tuple[float, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]] | None:
    """Position along the edge, distance across it (outwards) and value of every pixel near the edge."""
    radius = int(np.ceil(np.hypot(*reach))) + 1
    left, top = (int(v) - radius for v in middle)
    if left < 0 or top < 0 or left + 2 * radius >= y.shape[1] or top + 2 * radius >= y.shape[0]:
        return None
    rows, columns = np.mgrid[top : top + 2 * radius + 1, left : left + 2 * radius + 1]
    offset = np.stack([columns - middle[0], rows - middle[1]], -1)
    s, d = offset @ along, offset @ normal
    near = (np.abs(s) <= reach[0]) & (np.abs(d) <= reach[1])
    values = y[top : top + 2 * radius + 1, left : left + 2 * radius + 1]
    return s[near], d[near], values[near].astype(np.float64)


def _profile(
    s: NDArray[np.float64], d: NDArray[np.float64], values: NDArray[np.float64], reach: float
) -> NDArray[np.float64] | None:
    """Mean value over the distance from the edge, straightened by a line through the edge's own crossings."""
    low, high = np.percentile(values, [5, 95])
    if high - low < 0.02:
        return None
    at = _crossings(s, d, (values - low) / (high - low))
    if at is None:
        return None
    distance = d - np.polyval(np.polyfit(*at, 1), s)
    limit = reach * 0.9
    inside = np.abs(distance) < limit
    bins = np.floor((distance[inside] + limit) * OVERSAMPLING).astype(int)
    count = np.bincount(bins)
    total = np.bincount(bins, values[inside])
    filled = np.flatnonzero(count)
    if len(filled) < 0.8 * len(count):
        return None
    return np.asarray(np.interp(np.arange(len(count)), filled, total[filled] / count[filled]))


def _crossings(
    s: NDArray[np.float64], d: NDArray[np.float64], level: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Where the edge is, for every pixel along it: dark inside, so the dark part's end tells its place."""
    slots = np.rint(s).astype(int)
    places = []
    for slot in np.unique(slots):
        here = slots == slot
        if here.sum() < 8:
            continue
        order = np.argsort(d[here])
        across, value = d[here][order], np.clip(level[here][order], 0, 1)
        smooth = np.asarray(cv2.blur(value[:, None], (1, 3)))[:, 0]
        above = np.flatnonzero((smooth[:-1] < 0.5) & (smooth[1:] >= 0.5))
        if len(above) == 1:
            k = int(above[0])
            share = (0.5 - smooth[k]) / (smooth[k + 1] - smooth[k])
            places.append((float(slot), float(across[k] + share * (across[k + 1] - across[k]))))
    if len(places) < 8:
        return None
    found = np.array(places).T
    return found[0], found[1]
