"""Outlines on the pixel grid: ragged blobs, wandering paths, many small stamps at once, noise by its scale in mm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from phantom.fields import Field, blur, f32
from phantom.swatch.canvas import Canvas, Window

_SUBPIXEL = 4


@dataclass(frozen=True)
class Blob:
    """A round thing: `q` over the window is the distance from its centre, 1 on the rim."""

    window: Window
    q: Field

    def level(self, softness: float) -> Field:
        """1 at the centre, 0.5 on the rim, 0 outside."""
        return f32(1 / (1 + np.exp(np.clip((self.q - 1) * np.float32(1 / (0.35 * softness)), -30, 30))))


def blob(canvas: Canvas, y: float, x: float, radius: float, softness: float, ragged: float) -> Blob | None:
    """A blob of a radius in px; None where it lies outside."""
    rng, side = canvas.rng, canvas.side
    reach = int(radius * (1.25 + 1.5 * softness + ragged)) + 3
    r0, r1 = max(0, int(y) - reach), min(side, int(y) + reach + 1)
    c0, c1 = max(0, int(x) - reach), min(side, int(x) + reach + 1)
    stretch, turn = rng.uniform(0.87, 1.15), rng.uniform(0, np.pi)
    phases = f32(rng.uniform(0, 2 * np.pi, 3))
    if r0 >= r1 or c0 >= c1:
        return None
    dy, dx = f32(np.arange(r0, r1))[:, None] - np.float32(y), f32(np.arange(c0, c1))[None] - np.float32(x)
    cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))
    a, b = (dx * cos + dy * sin) * np.float32(stretch), (dy * cos - dx * sin) * np.float32(1 / stretch)
    q = np.hypot(a, b) * np.float32(1 / radius)
    if ragged > 0:
        angle = np.arctan2(b, a)
        waves = zip((2, 3, 5), (0.5, 0.35, 0.25), phases, strict=True)
        q = q / (1 + np.float32(ragged) * sum(np.float32(g) * np.cos(k * angle + p) for k, g, p in waves))
    return Blob((slice(r0, r1), slice(c0, c1)), f32(q))


def path(canvas: Canvas, length: float, wave: float, heading: float | None = None) -> Field:
    """A wandering line (28, 2) of column and row in px; `length` and `wave` (its amplitude) in mm."""
    rng, scale = canvas.rng, canvas.px_per_mm
    turn = rng.uniform(0, np.pi) if heading is None else heading
    t = np.linspace(-0.5, 0.5, 28) * length
    middle = rng.uniform(0.05, 0.95, 2) * canvas.side
    slow, fast, p, q = rng.uniform(0.9, 2.3), rng.uniform(0.4, 0.8), *rng.uniform(0, 2 * np.pi, 2)
    off = wave * (0.45 * np.sin(t / slow + p) + 0.2 * np.sin(t / fast + q))
    off = off + rng.uniform(-0.05, 0.05) * wave * t * t
    along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
    return f32(middle + scale * (t[:, None] * along + off[:, None] * across))


def draw_line(layer: np.ndarray[tuple[int, int], np.dtype[np.uint8]], line: Field, thickness: int) -> None:
    """An anti-aliased line on a byte layer."""
    points = np.asarray(line * (1 << _SUBPIXEL), np.int32)
    cv2.polylines(layer, [points], False, 255, thickness, cv2.LINE_AA, _SUBPIXEL)


def distance_to(side: int, line: Field) -> Field:
    """Distance in px of every pixel to the line."""
    layer = np.full((side, side), 255, np.uint8)
    cv2.polylines(layer, [np.asarray(line * (1 << _SUBPIXEL), np.int32)], False, 0, 1, shift=_SUBPIXEL)
    return f32(cv2.distanceTransform(layer, cv2.DIST_L2, 5))


def stamp(
    layer: Field,
    places: Field,
    radius: Field,
    value: Field,
    profile: Callable[[Field], Field],
    reach: float = 2.2,
) -> None:
    """Raise `layer` to `value * profile(q)` around every place (row, column), all at once; q is 1 at the radius."""
    if not len(places):
        return
    half = int(np.ceil(reach * float(radius.max()))) + 1
    grid = f32(np.arange(-half, half + 1))
    base = np.rint(places).astype(np.int64)
    dy = base[:, 0, None] + grid - places[:, 0, None]
    dx = base[:, 1, None] + grid - places[:, 1, None]
    q = np.sqrt(dy[:, :, None] ** 2 + dx[:, None, :] ** 2) / radius[:, None, None]
    raised = f32(value[:, None, None] * profile(f32(q)))
    rows = base[:, 0, None, None] + grid.astype(np.int64)[None, :, None] + np.zeros_like(q, np.int64)
    cols = base[:, 1, None, None] + grid.astype(np.int64)[None, None, :] + np.zeros_like(q, np.int64)
    side = layer.shape[0]
    keep = (rows >= 0) & (rows < side) & (cols >= 0) & (cols < side)
    np.maximum.at(layer, (rows[keep], cols[keep]), raised[keep])


def smooth_noise(canvas: Canvas, period: float) -> Field:
    """Unit-variance noise with features about `period` mm across."""
    pitch = period * canvas.px_per_mm
    cells = max(3, int(np.ceil(canvas.side / pitch)) + 2)
    coarse = f32(canvas.rng.standard_normal((cells, cells), dtype=np.float32))
    size = max(canvas.side, round(cells * pitch))
    if size > 3 * canvas.side:
        coarse, size = coarse[:3, :3], max(canvas.side, round(3 * pitch))
    whole = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    row, col = canvas.rng.integers(0, size - canvas.side + 1, 2)
    return f32(whole[row : row + canvas.side, col : col + canvas.side]) * np.float32(1.35)


def grain_noise(canvas: Canvas, lo: float, hi: float) -> Field:
    """Unit-variance noise between two scales (Gaussian standard deviations, mm)."""
    white = canvas.rng.standard_normal((canvas.side, canvas.side), dtype=np.float32)
    band = blur(white, max(0.5, lo * canvas.px_per_mm)) - blur(white, max(0.9, hi * canvas.px_per_mm))
    return f32(band / (band.std() + np.float32(1e-9)))
