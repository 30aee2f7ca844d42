"""From linear light to a delivered picture: point spread, exposure, colour filter array, noise, coding."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import jpeg_ls
import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, blur, f32
from phantom.swatch.canvas import Canvas

Bytes = NDArray[np.uint8]
NOMINAL = 1.3
"""Gain of exposure 0: a swatch of very light skin stays below white."""
_LEVELS = 4095


@dataclass(frozen=True)
class Sensor:
    """The draws of one swatch's exposures."""

    kernel: Field
    spread: float
    """standard deviation of the kernel, px"""
    gains: Field
    falloff: Field
    shot: float
    grain: float
    mosaic: bool
    shift: tuple[float, float]
    """px, of every picture but the first"""
    jpeg: int | None
    near: int | None
    """largest error of JPEG-LS in levels"""

    def optics(self, light: Field, moved: bool) -> Field:
        """Relative signal (S, S, 3), not yet clipped, without noise."""
        signal = light * (self.falloff[..., None] * self.gains)
        kernel = _moved(self.kernel, *self.shift) if moved else self.kernel
        return f32(cv2.filter2D(f32(signal), -1, kernel, borderType=cv2.BORDER_REFLECT))

    def roughly(self, light: Field) -> Field:
        """As `optics`, with a Gaussian of the same variance in place of the kernel: a third of the time."""
        return blur(light * (self.falloff[..., None] * self.gains), self.spread)

    def deviation(self, signal: Field) -> Field:
        """Standard deviation of the noise at a signal, rounding to 8 bits included."""
        rounding = np.float32(0.29 / 255 * 2.2) * np.clip(signal, 0.003, 1) ** np.float32(0.545)
        variance = np.float32(self.shot / (1 + self.grain) ** 2) * (np.clip(signal, 0, 1) + np.float32(0.01))
        return f32(np.sqrt(variance + rounding * rounding))

    def expose(self, signal: Field, rng: np.random.Generator) -> Bytes:
        """The delivered picture, sRGB uint8 (S, S, 3)."""
        signal = np.clip(signal, 0, 1)
        white = rng.standard_normal(signal.shape, dtype=np.float32)
        if self.grain >= 0.2:
            white = blur(white, self.grain)
            white *= np.float32(1 / float(white.std()))
        white *= np.float32(1 / (1 + self.grain))
        noisy = signal + white * np.sqrt(np.float32(self.shot) * (signal + np.float32(0.01)))
        levels = np.asarray(np.clip(noisy, 0, 1) * _LEVELS + 0.5, np.uint16)
        return self._coded(_curve()[_demosaiced(levels) if self.mosaic else levels])

    def _coded(self, srgb: Bytes) -> Bytes:
        if self.jpeg is not None:
            code = cv2.imencode(".jpg", srgb, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg])[1]
            return np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR), np.uint8)
        if self.near is not None:
            return _jpegls(srgb, self.near)
        return srgb


def sensor(canvas: Canvas) -> Sensor:
    """One camera by the law."""
    rng, angle = canvas.rng, canvas.rng.uniform(0, 2 * np.pi)
    balance = 1 + canvas.draw("white_balance") * rng.choice([-1, 1], 3) * rng.uniform(0.5, 1, 3)
    gain = NOMINAL * 2 ** canvas.draw("exposure")
    shift = canvas.draw("misregistration")
    coding = rng.random()
    kernel, spread = _kernel(canvas)
    return Sensor(
        kernel, spread, f32(gain * balance), _falloff(canvas), canvas.draw("shot"), canvas.draw("grain"),
        bool(rng.random() < 0.3), (shift * np.cos(angle), shift * np.sin(angle)),
        round(canvas.draw("jpeg_quality")) if coding < 0.25 else None,
        round(canvas.draw("jpegls_near")) if coding > 0.9 else None,
    )  # fmt: skip


def _falloff(canvas: Canvas) -> Field:
    t = np.linspace(-0.5, 0.5, canvas.side, dtype=np.float32)
    x, y = np.float32(canvas.draw("falloff")) * canvas.rng.choice([-1, 1], 2).astype(np.float32)
    return f32(1 + x * t[None] + y * t[:, None])


def _kernel(canvas: Canvas) -> tuple[Field, float]:
    """Gaussian blur, defocus disc and motion line in one kernel of unit sum, and its standard deviation in px."""
    sigma, disc, length = canvas.draw("blur"), canvas.draw("defocus"), canvas.draw("motion")
    turn, fine = canvas.rng.uniform(0, np.pi), 5
    half = int(np.ceil(2.6 * sigma + 0.7 * disc + 0.35 * length))
    size = fine * (2 * half + 1)
    at = (np.arange(size) - (size - 1) / 2) / fine
    x, y = np.meshgrid(at, at)
    along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
    slide = np.maximum(np.abs(along) - length / 2, 0)
    spread = np.exp(-0.5 * (slide**2 + across**2) / max(0.3, sigma) ** 2)
    if disc > 0.3:
        spread = cv2.filter2D(
            spread, -1, np.asarray(np.hypot(x, y) <= disc, np.float64)[_core(size, disc, fine)]
        )
    kernel = spread.reshape(2 * half + 1, fine, 2 * half + 1, fine).sum((1, 3))
    spread = np.sqrt(sigma**2 + disc**2 / 4 + length**2 / 24)
    return f32(kernel / kernel.sum()), float(spread)


def _core(size: int, disc: float, fine: int) -> tuple[slice, slice]:
    reach = int(np.ceil(disc * fine)) + 1
    middle = slice(size // 2 - reach, size // 2 + reach + 1)
    return middle, middle


def _moved(kernel: Field, dx: float, dy: float) -> Field:
    if abs(dx) + abs(dy) < 0.05:
        return kernel
    padded = np.pad(kernel, 2)
    matrix = f32([[1, 0, dx], [0, 1, dy]])
    return f32(cv2.warpAffine(padded, matrix, padded.shape[::-1], flags=cv2.INTER_LINEAR))


def _demosaiced(levels: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Through an RGGB array and its bilinear interpolation."""
    mosaic = levels[..., 1].copy()
    mosaic[::2, ::2], mosaic[1::2, 1::2] = levels[::2, ::2, 0], levels[1::2, 1::2, 2]
    rgb = cv2.cvtColor(mosaic, cv2.COLOR_BayerRGGB2RGB)
    return np.minimum(np.asarray(rgb, np.uint16), np.uint16(_LEVELS))


def _jpegls(srgb: Bytes, near: int) -> Bytes:
    planes = []
    for channel in range(3):
        code = bytes(jpeg_ls.encode_array(np.ascontiguousarray(srgb[..., channel]), near))
        planes.append(np.asarray(jpeg_ls.jlsread(code), np.uint8).reshape(srgb.shape[:2]))
    return np.dstack(planes)


@lru_cache(maxsize=1)
def _curve() -> Bytes:
    value = np.arange(_LEVELS + 1) / _LEVELS
    encoded = np.where(value <= 0.0031308, 12.92 * value, 1.055 * value ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), np.uint8)
