"""Classical maps that the training-free opponents stand on: chromophores, ridges, blobs, background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.graphs.chromophores import HAEMOGLOBIN, MELANIN

Plane = NDArray[np.float32]
Picture = NDArray[np.uint8]

_FLOOR = 2e-3
_ROWS = np.array([[0, 1, 0], [0, -2, 0], [0, 1, 0]], np.float32)
_MIXED = np.array([[1, 0, -1], [0, 0, 0], [-1, 0, 1]], np.float32) / 4


def optical_density(srgb: Picture) -> Plane:
    """-ln of linear reflectance, (H, W, 3), of sRGB (IEC 61966-2-1); held at 6.2 in the dark."""
    value = srgb.astype(np.float32) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    return _plane(-np.log(np.maximum(linear, _FLOOR)))


def chromophores(srgb: Picture) -> tuple[Plane, Plane]:
    """Melanin and haemoglobin by least squares on the two pigment vectors (Tsumura 1999), without a shading term."""
    columns = np.stack([np.asarray(each) / np.linalg.norm(each) for each in (MELANIN, HAEMOGLOBIN)], axis=1)
    pigments = optical_density(srgb) @ np.linalg.pinv(columns).T.astype(np.float32)
    return _plane(pigments[..., 0]), _plane(pigments[..., 1])


def blurred(plane: Plane, sigma: float) -> Plane:
    """Gaussian of so many px."""
    return _plane(cv2.GaussianBlur(plane, (0, 0), sigma))


def raised(plane: Plane) -> Plane:
    """The smoothed plane above its median."""
    return blurred(plane, 2.0) - np.float32(np.median(plane))


def difference_of_gaussians(plane: Plane, small: float, large: float) -> Plane:
    """Bright blobs about `small` px wide."""
    return blurred(plane, small) - blurred(plane, large)


def _curvatures(plane: Plane, sigma: float) -> tuple[Plane, Plane]:
    """Eigenvalues of the scale-normalised Hessian, the larger first."""
    smooth = blurred(plane, sigma) * np.float32(sigma**2)
    rr, rc, cc = (cv2.filter2D(smooth, cv2.CV_32F, kernel) for kernel in (_ROWS, _MIXED, _ROWS.T))
    middle, spread = (rr + cc) / 2, cv2.magnitude((rr - cc) / 2, rc)
    return _plane(middle + spread), _plane(middle - spread)


def valleys(plane: Plane, sigmas: Sequence[float] = (1.5, 2.5, 4.0)) -> Plane:
    """Dark lines: A. F. Frangi's ratio of curvatures (MICCAI 1998) times the larger, greatest over scales."""
    best = np.zeros(plane.shape, np.float32)
    for sigma in sigmas:
        high, low = _curvatures(plane, sigma)
        ratio = low / np.maximum(high, 1e-6)
        line = np.where(high > np.abs(low), high * np.exp(-2 * ratio**2), 0)
        best = np.maximum(best, line)
    return _plane(best)


def pits(plane: Plane, sigmas: Sequence[float] = (1.5, 2.2, 3.0)) -> Plane:
    """Dark blobs: root of the Hessian's determinant where both curvatures are positive, greatest over scales."""
    best = np.zeros(plane.shape, np.float32)
    for sigma in sigmas:
        high, low = _curvatures(plane, sigma)
        best = np.maximum(best, np.where(low > 0, np.sqrt(np.maximum(high * low, 0)), 0))
    return _plane(best)


def brightness(srgb: Picture) -> Plane:
    """Logarithm of the green channel."""
    return -optical_density(srgb)[..., 1]


def peaks(plane: Plane, window: int, inside: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
    """Heights of the local maxima above zero, greatest first."""
    highest = cv2.dilate(plane, np.ones((window, window), np.uint8))
    at = (plane >= highest) & (plane > 0)
    at = at if inside is None else at & inside
    return -np.sort(-plane[at])


def _plane(array: NDArray[Any]) -> Plane:
    return np.asarray(array, np.float32)
