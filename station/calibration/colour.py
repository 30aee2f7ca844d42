"""Colorimetry of a chart: CIELAB, chromatic adaptation, linear sRGB and the colour difference dE2000.

Colours are (..., 3) float64 arrays, XYZ and linear RGB relative to a white of Y = 1, 2 degree observer.
"""

import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float64]

D50: Colours = np.array([0.96422, 1.0, 0.82521])
"""ICC profile connection space."""
D65: Colours = np.array([0.95047, 1.0, 1.08883])
"""IEC 61966-2-1."""
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
_RGB_TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_TWENTY_FIVE_7 = 25.0**7


def xyz_from_lab(lab: Colours, white: Colours) -> Colours:
    """XYZ of CIELAB (CIE 15)."""
    fy = (lab[..., 0] + 16) / 116
    f = np.stack([fy + lab[..., 1] / 500, fy, fy - lab[..., 2] / 200], -1)
    return np.asarray(np.where(f**3 > _EPSILON, f**3, (116 * f - 16) / _KAPPA) * white)


def lab_from_xyz(xyz: Colours, white: Colours) -> Colours:
    """CIELAB (CIE 15) of XYZ; what is below black counts as black."""
    t = np.maximum(xyz / white, 0)
    f = np.where(t > _EPSILON, np.cbrt(t), (_KAPPA * t + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def adapted(xyz: Colours, source: Colours, target: Colours) -> Colours:
    """XYZ under another white (Bradford, as in ICC.1 annex E)."""
    gains = (_BRADFORD @ target) / (_BRADFORD @ source)
    return np.asarray(xyz @ (np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD).T)


def linear_srgb_from_lab(lab_d50: Colours) -> Colours:
    """Linear sRGB of CIELAB under D50, adapted to D65; outside 0 .. 1 where sRGB cannot show the colour."""
    xyz = adapted(xyz_from_lab(lab_d50, D50), D50, D65)
    return np.asarray(xyz @ np.linalg.inv(_RGB_TO_XYZ).T)


def lab_from_linear_srgb(rgb: Colours) -> Colours:
    """CIELAB under D65 of linear sRGB."""
    return lab_from_xyz(np.asarray(rgb @ _RGB_TO_XYZ.T), D65)


def delta_e_2000(one: Colours, other: Colours) -> NDArray[np.float64]:
    """CIEDE2000 (CIE 142; Sharma, Wu and Dalal 2005) of CIELAB colours, weights 1."""
    chroma = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(other[..., 1], other[..., 2])) / 2
    stretch = 1 + 0.5 * (1 - np.sqrt(chroma**7 / (chroma**7 + _TWENTY_FIVE_7)))
    c1, h1 = _chroma_and_hue(one, stretch)
    c2, h2 = _chroma_and_hue(other, stretch)
    both = c1 * c2 > 0
    turn = h2 - h1
    turn = np.where(turn > 180, turn - 360, np.where(turn < -180, turn + 360, turn)) * both
    total = h1 + h2
    mean_hue = np.where(
        np.abs(h1 - h2) <= 180, total / 2, np.where(total < 360, total / 2 + 180, total / 2 - 180)
    )
    mean_hue = np.where(both, mean_hue, total)
    lightness, c = (one[..., 0] + other[..., 0]) / 2, (c1 + c2) / 2
    s_l = 1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2)
    s_c, s_h = 1 + 0.045 * c, 1 + 0.015 * c * _hue_weight(mean_hue)
    twist = np.radians(60 * np.exp(-(((mean_hue - 275) / 25) ** 2)))
    rotation = -2 * np.sqrt(c**7 / (c**7 + _TWENTY_FIVE_7)) * np.sin(twist)
    dl = (other[..., 0] - one[..., 0]) / s_l
    dc = (c2 - c1) / s_c
    dh = 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn / 2)) / s_h
    return np.asarray(np.sqrt(np.maximum(dl**2 + dc**2 + dh**2 + rotation * dc * dh, 0)))


def _chroma_and_hue(
    lab: Colours, stretch: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    a = stretch * lab[..., 1]
    return np.hypot(a, lab[..., 2]), np.degrees(np.arctan2(lab[..., 2], a)) % 360


def _hue_weight(hue: NDArray[np.float64]) -> NDArray[np.float64]:
    def wave(weight: float, times: float, shift: float) -> NDArray[np.float64]:
        return weight * np.cos(np.radians(times * hue + shift))

    return 1 + wave(-0.17, 1, -30) + wave(0.24, 2, 0) + wave(0.32, 3, 6) + wave(-0.20, 4, -63)
