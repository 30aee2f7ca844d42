"""Noise of a picture by its second differences in both directions (Immerkaer 1996), robust by the median.

They answer to noise and not to slopes; the median absolute deviation answers to the bulk and not to specks.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.quality.robust import deviation
from station.quality.tone import Linear, luminance
from station.quality.zones import Mask

_SECOND_DIFFERENCES = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
GAIN = 6.0
"""Standard deviation that white noise of 1 leaves in them."""
_FEWEST = 32

Differences = NDArray[np.float32]


def second_differences(y: NDArray[np.float32]) -> Differences:
    """In both directions at once, of the same height and width."""
    return np.asarray(cv2.filter2D(y, cv2.CV_32F, _SECOND_DIFFERENCES), np.float32)


def noise_in(differences: Differences, zone: Mask) -> float | None:
    """Standard deviation of the noise in a zone; None if it is too small to tell."""
    inner = np.asarray(cv2.erode(zone, np.ones((3, 3), np.uint8)), np.uint8)
    return _deviation(differences[inner > 0])


def tab_noise(tab: Linear) -> float:
    """Standard deviation of the noise of Y on an even surface; 0 if it is too small to tell."""
    if min(tab.shape[:2]) < 3:
        return 0.0
    return _deviation(second_differences(luminance(tab))[1:-1, 1:-1].ravel()) or 0.0


def _deviation(values: NDArray[np.float32]) -> float | None:
    if values.size < _FEWEST:
        return None
    return deviation(values) / GAIN
