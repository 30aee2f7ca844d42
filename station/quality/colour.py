"""Colour cast of a photograph without a neutral tab, from the range of colours that skin can have."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from station.quality.sample import Reading, Sample

_XYZ_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
"""Linear sRGB to XYZ, adapted to D50 by Bradford."""
_D50 = np.array([0.96422, 1.0, 0.82521])
_CHEEKS = ("left_cheek", "right_cheek")


def skin_cast(sample: Sample) -> Reading:
    """`color_cast` in CIELAB units: how far the mean colour of the cheeks lies outside that of any skin.

    0 within a* 5 .. 25 and b* 5 .. 35 (D50), the range of the natural-colour measure of ISO/IEC 29794-5; the lightness has
    no part in it. Cannot be told without cheeks in sight.
    """
    cheeks = [sample.zones[name] for name in _CHEEKS if name in sample.zones]
    if not cheeks:
        return Reading(
            "color_cast", None, "Lab", sample.region, "No face in the picture to judge its colour by."
        )
    area = cheeks[0] if len(cheeks) == 1 else cv2.bitwise_or(cheeks[0], cheeks[1])
    mean = np.array(cv2.mean(sample.light, area)[:3])
    _, a, b = lab_d50(mean)
    distance = math.hypot(max(0.0, 5 - a, a - 25), max(0.0, 5 - b, b - 35))
    return Reading("color_cast", distance, "Lab", "cheeks")


def lab_d50(linear: NDArray[np.float64]) -> tuple[float, float, float]:
    """CIELAB (D50) of linear sRGB."""
    t = np.maximum(_XYZ_D50 @ linear / _D50, 0)
    x, y, z = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    return float(116 * y - 16), float(500 * (x - y)), float(200 * (y - z))
