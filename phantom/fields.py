"""Small scalar-field helpers shared by every room of the phantom: smooth steps, bumps, sampled tables, tileable noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
Values = NDArray[np.floating[Any]]
"""what helpers accept: any float array; they compute in float32"""
NoiseKind = Literal["smooth", "mottle", "grain", "fibre"]
_TILE = 1024


def smoothstep(lo: float, hi: float, x: Values) -> Field:
    """Cubic ramp from 0 at `lo` to 1 at `hi` (falling when `lo > hi`)."""
    t = f32(np.clip((f32(x) - np.float32(lo)) * np.float32(1.0 / (hi - lo)), 0, 1))
    return f32(t * t * (3 - 2 * t))


def bump(x: Values, y: Values, cx: float, cy: float, sx: float, sy: float) -> Field:
    """Axis-aligned Gaussian `exp(-((x-cx)/sx)^2 - ((y-cy)/sy)^2)`."""
    u = (f32(x) - np.float32(cx)) * np.float32(1 / sx)
    v = (f32(y) - np.float32(cy)) * np.float32(1 / sy)
    return f32(np.exp(-(u * u) - v * v))


def ridge(d: Values, width: float) -> Field:
    """Gaussian of a distance: `exp(-(d/width)^2)`."""
    t = f32(d) * np.float32(1 / width)
    return f32(np.exp(-(t * t)))


def f32(a: object) -> Field:
    """`a` as a float32 array."""
    return np.asarray(a, np.float32)


def blur(a: Values, sigma_px: float) -> Field:
    """Gaussian blur; `a` itself when `sigma_px` is below a fifth of a pixel."""
    return f32(a) if sigma_px < 0.2 else f32(cv2.GaussianBlur(f32(a), (0, 0), sigma_px))


@dataclass(frozen=True)
class Grid:
    """A rectangle of the face plane, x to the person's left as seen (right in the picture), y up, in mm."""

    x0: float
    x1: float
    y0: float
    y1: float
    px_per_mm: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return round((self.y1 - self.y0) * self.px_per_mm), round((self.x1 - self.x0) * self.px_per_mm)

    def coordinates(self) -> tuple[Field, Field]:
        """X and y in mm at every cell centre, each of `shape`."""
        rows, cols = self.shape
        x = self.x0 + (np.arange(cols, dtype=np.float32) + 0.5) / self.px_per_mm
        y = self.y1 - (np.arange(rows, dtype=np.float32) + 0.5) / self.px_per_mm
        gx, gy = np.meshgrid(f32(x), f32(y))
        return f32(gx), f32(gy)

    def pixels(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Column and row (cell centres at integers) of points in mm."""
        s = np.float32(self.px_per_mm)
        return (x - np.float32(self.x0)) * s - np.float32(0.5), (np.float32(self.y1) - y) * s - np.float32(
            0.5
        )

    def sample(self, table: Field, x: Field, y: Field, *, outside: float | None = None) -> Field:
        """Bilinear look-up of `table` (H, W[, C<=4]) at points in mm; the edge repeats unless `outside` is given."""
        u, v = self.pixels(x, y)
        border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
        fill = (outside or 0.0,) * 4
        found = cv2.remap(table, u, v, cv2.INTER_LINEAR, borderMode=border, borderValue=fill)
        return f32(found).reshape(*x.shape, *table.shape[2:])

    def noise(self, rng: np.random.Generator, cell_mm: float) -> Field:
        """Smooth unit-variance noise with features about `cell_mm` across."""
        rows = max(4, round((self.y1 - self.y0) / cell_mm))
        cols = max(4, round((self.x1 - self.x0) / cell_mm))
        coarse = rng.standard_normal((rows, cols)).astype(np.float32)
        height, width = self.shape
        return f32(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)) * np.float32(1.25)


_SPECTRA: dict[NoiseKind, tuple[float, float, float, float]] = {
    "smooth": (1.6, 0.002, 0.1, 1.0),
    "mottle": (1.0, 0.02, 0.3, 1.0),
    "grain": (0.3, 0.12, 0.45, 1.0),
    "fibre": (0.9, 0.004, 0.5, 30.0),
}


@lru_cache(maxsize=8)
def noise_tile(kind: NoiseKind) -> Field:
    """A 1024 x 1024 tileable texture of unit variance with the power spectrum of `kind`."""
    beta, lo, hi, stretch = _SPECTRA[kind]
    rng = np.random.default_rng([7, sorted(_SPECTRA).index(kind)])
    fy = np.fft.fftfreq(_TILE)[:, None] * stretch
    fx = np.fft.rfftfreq(_TILE)[None]
    frequency = np.sqrt(fy * fy + fx * fx)
    frequency[0, 0] = 1.0
    band = frequency**-beta * ((frequency >= lo) & (frequency <= hi))
    spectrum = np.fft.rfft2(rng.standard_normal((_TILE, _TILE))) * band
    texture = np.fft.irfft2(spectrum, s=(_TILE, _TILE))
    return np.pad(f32(texture / texture.std()), ((0, 1), (0, 1)), mode="wrap")


def noise_at(kind: NoiseKind, x: Values, y: Values) -> Field:
    """The tile of `kind` at texture coordinates (cells), repeating."""
    u = np.mod(f32(x), np.float32(_TILE))
    v = np.mod(f32(y), np.float32(_TILE))
    found = cv2.remap(noise_tile(kind), f32(u), f32(v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return f32(found).reshape(x.shape)
