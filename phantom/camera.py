"""A linear camera: optics, exposure, white balance, shot and read noise, black level, quantisation, and one development."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32

_STRIPE_ROWS = 256


@dataclass(frozen=True)
class Picture:
    """One exposure: `raw` uint16 (H, W, 3), linear, black level included; `srgb` uint8 (H, W, 3) developed from it."""

    raw: NDArray[np.uint16]
    srgb: NDArray[np.uint8]


@dataclass(frozen=True)
class CameraModel:
    """A three-sensor camera whose full scale is a white diffuser at exposure 0."""

    exposure: float = 0.0
    """stops from nominal"""
    psf_sigma_px: float = 0.6
    read_noise: float = 3.0
    """electrons"""
    shot_noise: float = 15000.0
    """full-well capacity, electrons; 0 switches shot noise off"""
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    black_level: int = 64
    bits: int = 12

    @property
    def white_level(self) -> int:
        """The largest raw value."""
        return (1 << self.bits) - 1

    def expose(self, linear: Field, seed: int) -> Picture:
        """Photograph scene-linear radiance (H, W, 3); the same arguments give the same picture."""
        raw = np.empty(linear.shape, np.uint16)
        rng = np.random.default_rng([seed, 91])
        margin = int(np.ceil(4 * self.psf_sigma_px))
        for start in range(0, linear.shape[0], _STRIPE_ROWS):
            stop = min(start + _STRIPE_ROWS, linear.shape[0])
            top = max(0, start - margin)
            stripe = self._optics(linear[top : stop + margin])[start - top : stop - top]
            raw[start:stop] = self._sensor(stripe, rng)
        return Picture(raw, develop(raw, self.black_level, self.white_level))

    def _optics(self, stripe: Field) -> Field:
        gains = f32(self.white_balance) * np.float32(2.0**self.exposure)
        signal = f32(stripe) * gains
        if self.psf_sigma_px > 0.2:
            signal = f32(cv2.GaussianBlur(signal, (0, 0), self.psf_sigma_px))
        return f32(np.clip(signal, 0, 1))

    def _sensor(self, signal: Field, rng: np.random.Generator) -> NDArray[np.uint16]:
        full = np.float32(self.shot_noise if self.shot_noise > 0 else 1e6)
        variance = np.float32((self.read_noise / full) ** 2) + (
            signal / full if self.shot_noise > 0 else np.float32(0)
        )
        noisy = signal + np.sqrt(variance) * rng.standard_normal(signal.shape, dtype=np.float32)
        levels = np.float32(self.black_level) + noisy * np.float32(self.white_level - self.black_level)
        return np.asarray(np.clip(np.rint(levels), 0, self.white_level), np.uint16)


@lru_cache(maxsize=8)
def _curve(black_level: int, white_level: int) -> NDArray[np.uint8]:
    value = np.clip((np.arange(white_level + 1) - black_level) / (white_level - black_level), 0, 1)
    encoded = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), np.uint8)


def develop(raw: NDArray[np.uint16], black_level: int, white_level: int) -> NDArray[np.uint8]:
    """8-bit sRGB (IEC 61966-2-1) of linear raw values: black subtracted, scaled to white, encoded; nothing else."""
    if not 0 <= black_level < white_level:
        raise ValueError(f"black level {black_level} must lie below white level {white_level}")
    curve = _curve(black_level, white_level)
    return np.asarray(curve[np.minimum(raw, np.uint16(white_level))])
