"""Two-layer spectral skin colour: melanin in an absorbing epidermis over a scattering, perfused dermis.

Epidermal transmission by Beer-Lambert, dermal diffuse reflectance by Flock (1992), reduced scattering by Jacques (2013),
haemoglobin absorption after Prahl's tabulation, CIE 1931 observer by Wyman (2013), illuminant D65, linear sRGB primaries.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32

ITA_CLASSES = ("very_light", "light", "intermediate", "tan", "brown", "dark")
ITA_LIMITS = (55.0, 41.0, 28.0, 10.0, -30.0)
MELANIN_RANGE = (0.002, 0.45)
BLOOD_RANGE = (0.0005, 0.12)
_MELANIN_STEPS, _BLOOD_STEPS = 96, 64
_PATH_FACTOR, _SURFACE_SCATTER, _EPIDERMIS_BASE, _DERMIS_BASE = 1.6, 0.025, 0.3, 0.15
_HAEMOGLOBIN_G_L, _HAEMOGLOBIN_G_MOL = 150.0, 64500.0

_WAVELENGTH = np.arange(400.0, 701.0, 10.0)
_HBO2 = np.array(
    [266232, 466840, 480360, 246072, 102580, 62816, 44480, 33209, 26629, 23684, 20933, 20035, 24202, 39957, 53236, 43016,
     32613, 44496, 50104, 14401, 3200, 1506, 942, 610, 442, 368, 319, 294, 277, 276, 290], float)  # fmt: skip
_HB = np.array(
    [223296, 303956, 407560, 528600, 413280, 103292, 23389, 16156, 14550, 16684, 20862, 25774, 31590, 39036, 46592, 53412,
     53788, 45072, 37020, 28324, 14677, 9444, 6510, 5149, 4345, 3750, 3227, 2795, 2408, 2052, 1794], float)  # fmt: skip
_D65 = np.interp(
    _WAVELENGTH,
    np.arange(400, 701, 20),
    [82.8, 93.4, 104.9, 117.8, 115.9, 109.4, 104.8, 104.4, 100, 95.8, 90, 87.7, 83.7, 80.2, 78.3, 71.6],
)
_XYZ_TO_SRGB = np.array([[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]])
_WHITE_XYZ = np.array([0.95047, 1.0, 1.08883])


@dataclass(frozen=True)
class Optics:
    """What skin is made of, apart from its pigments; the defaults are the phantom's reference skin."""

    melanin_slope: float = 2.2
    """falling power of wavelength in melanin's absorption"""
    oxygenation: float = 0.7
    epidermis_um: float = 60.0
    dermal_scatter: float = 1.0
    """reduced scattering of the dermis relative to Jacques (2013)"""


def _lobe(mean: float, below: float, above: float) -> NDArray[np.float64]:
    t = (_WAVELENGTH - mean) * np.where(mean > _WAVELENGTH, below, above)
    return np.asarray(np.exp(-0.5 * t * t))


def _observer() -> NDArray[np.float64]:
    x = (
        0.362 * _lobe(442, 0.0624, 0.0374)
        + 1.056 * _lobe(599.8, 0.0264, 0.0323)
        - 0.065 * _lobe(501.1, 0.049, 0.0382)
    )
    y = 0.821 * _lobe(568.8, 0.0213, 0.0247) + 0.286 * _lobe(530.9, 0.0613, 0.0322)
    z = 1.217 * _lobe(437, 0.0845, 0.0278) + 0.681 * _lobe(459, 0.0385, 0.0725)
    return np.asarray(np.stack([x, y, z]) * _D65 / (y * _D65).sum())


def reflectance(
    melanin: NDArray[np.float64], blood: NDArray[np.float64], optics: Optics | None = None
) -> NDArray[np.float64]:
    """Diffuse reflectance spectrum (..., 31) at 400-700 nm for volume fractions of melanin and blood (broadcast)."""
    o = optics or Optics()
    m, h = np.asarray(melanin)[..., None], np.asarray(blood)[..., None]
    bloodless = 0.244 + 85.3 * np.exp(-(_WAVELENGTH - 154) / 66.2)
    mu_melanin = 6.6e11 * 500.0**-3.33 * (_WAVELENGTH / 500) ** -o.melanin_slope
    epidermis = m * mu_melanin + (1 - m) * bloodless * _EPIDERMIS_BASE
    transmission = np.exp(-2 * epidermis * o.epidermis_um * 1e-4 * _PATH_FACTOR)
    oxygenated = o.oxygenation * _HBO2 + (1 - o.oxygenation) * _HB
    mu_blood = 2.303 * _HAEMOGLOBIN_G_L / _HAEMOGLOBIN_G_MOL * oxygenated
    mu_a = h * mu_blood + (1 - h) * bloodless * _DERMIS_BASE
    mu_s = 46 * o.dermal_scatter * (0.409 * (_WAVELENGTH / 500) ** -4 + 0.591 * (_WAVELENGTH / 500) ** -0.702)
    albedo, k = mu_s / (mu_a + mu_s), 2.9
    diffuse = albedo / (1 + 2 * k * (1 - albedo) + (1 + 2 * k / 3) * np.sqrt(3 * (1 - albedo)))
    scatter = _SURFACE_SCATTER * (_WAVELENGTH / 550) ** -0.5
    return np.asarray(scatter + (1 - _SURFACE_SCATTER) * transmission * diffuse)


def lab_from_xyz(xyz: NDArray[np.float64]) -> NDArray[np.float64]:
    """CIELAB (D65 white) of XYZ with Y of white = 1."""
    t = xyz / _WHITE_XYZ
    f = np.where(t > 216 / 24389, np.cbrt(t), (24389 / 27 * t + 16) / 116)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def individual_typology_angle(lab: NDArray[np.float64]) -> NDArray[np.float64]:
    """ITA in degrees: atan2(L* - 50, b*)."""
    return np.degrees(np.arctan2(lab[..., 0] - 50, lab[..., 2]))


def ita_class(ita: float) -> str:
    """The name in `ITA_CLASSES` for an angle in degrees (limits 55, 41, 28, 10, -30)."""
    return ITA_CLASSES[sum(ita <= limit for limit in ITA_LIMITS)]


@dataclass(frozen=True)
class SkinTable:
    """Look-up table over log-spaced melanin (96) and blood (64) fractions."""

    melanin: NDArray[np.float64]
    blood: NDArray[np.float64]
    rgb: Field
    """(96, 64, 3) linear sRGB reflectance"""
    lab: NDArray[np.float64]
    """(96, 64, 3)"""
    ita: NDArray[np.float64]
    """(96, 64) degrees"""

    def colour(self, log_melanin: Field, log_blood: Field) -> Field:
        """Linear sRGB (H, W, 3) for natural-log fractions (H, W)."""
        row = _position(log_melanin, MELANIN_RANGE, _MELANIN_STEPS)
        col = _position(log_blood, BLOOD_RANGE, _BLOOD_STEPS)
        return f32(cv2.remap(self.rgb, col, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

    def melanin_for(self, ita: float, blood: float) -> float:
        """The melanin fraction whose skin at this blood fraction has the given ITA."""
        column = self.ita[:, int(np.abs(np.log(self.blood / blood)).argmin())]
        return float(np.exp(np.interp(-ita, -column, np.log(self.melanin))))


def _position(log_value: Field, limits: tuple[float, float], steps: int) -> Field:
    lo, hi = np.log(limits[0]), np.log(limits[1])
    return f32((log_value - np.float32(lo)) * np.float32((steps - 1) / (hi - lo)))


@lru_cache(maxsize=64)
def skin_table(optics: Optics | None = None) -> SkinTable:
    """The table of a skin (the reference skin when None), computed once per process (a few milliseconds)."""
    melanin = np.geomspace(*MELANIN_RANGE, _MELANIN_STEPS)
    blood = np.geomspace(*BLOOD_RANGE, _BLOOD_STEPS)
    xyz = reflectance(melanin[:, None], blood[None, :], optics) @ _observer().T
    rgb = f32(np.clip(xyz @ _XYZ_TO_SRGB.T, 1e-4, 1))
    lab = lab_from_xyz(xyz)
    return SkinTable(melanin, blood, rgb, lab, individual_typology_angle(lab))
