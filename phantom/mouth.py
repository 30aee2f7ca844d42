"""The mouth: lip mask and tint, seam, opening and teeth on a patch of the face plane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phantom.fields import Field, Grid, f32, noise_at, ridge, smoothstep
from phantom.identity import Identity
from phantom.relief import lip_curves

_TEETH_EDGES_MM = (4.3, 7.9, 11.6, 15.2, 18.8, 22.4)
_TOOTH = (0.76, 0.70, 0.61)
_CAVITY = (0.06, 0.018, 0.015)


@dataclass(frozen=True)
class MouthPatch:
    """Mouth on a grid of (face x, plain y) in mm."""

    grid: Grid
    interior: Field
    """(H, W, 4): colour under unit irradiance of teeth and cavity, and opacity"""
    lips: Field
    """(H, W, 3): lip opacity, darkening by the seam, moisture (gloss factor above skin)"""


def mouth_patch(p: Identity, px_per_mm: float) -> MouthPatch:
    """Paint the mouth."""
    centre = -67.5 * p.face_length
    grid = Grid(-36.0, 36.0, centre - 22, centre + 20, float(np.clip(1.5 * px_per_mm, 3, 8)))
    x, y = grid.coordinates()
    ax = np.abs(x)
    c = lip_curves(p, ax)
    t = ax * np.float32(1 / c.half_width)
    width = _soft(np.float32(c.half_width + 0.6) - ax, 1.2)
    lips = (
        _soft(c.outer_upper - y - np.float32(0.2), 0.6)
        * _soft(y - c.outer_lower - np.float32(0.3), 0.9)
        * width
    )
    opening = _soft(c.inner_upper - y, 0.25) * _soft(y - c.inner_lower, 0.25) * width
    opening = opening * np.float32(1.0 if p.mouth_gap > 0.8 else 0.0)
    seam = ridge(y - (c.inner_upper + c.inner_lower) / 2, 0.5) * smoothstep(1.0, 0.70, t)
    seam = seam * np.float32(0.5 if p.mouth_gap <= 0.8 else 0.0)
    rim = np.maximum(ridge(y - c.inner_upper, 0.6), ridge(y - c.inner_lower, 0.6)) * np.float32(
        0.35 if p.mouth_gap > 0.8 else 0.0
    )
    corner = ridge(t - 1, 0.06) * ridge(y - (c.inner_upper + c.inner_lower) / 2, 1.1) * np.float32(0.22)
    dark = np.maximum(np.maximum(seam, corner), rim * width)
    gloss = np.float32(0.6) + np.float32(0.5) * ridge(
        y - (c.inner_lower * np.float32(0.55) + c.outer_lower * np.float32(0.45)), 2.2
    )
    return MouthPatch(
        grid, f32(np.dstack([_interior(p, x, y), opening])), f32(np.dstack([lips, dark, gloss * lips]))
    )


def _soft(distance: Field, edge_mm: float) -> Field:
    return smoothstep(-edge_mm, edge_mm, f32(distance))


def _interior(p: Identity, x: Field, y: Field) -> Field:
    c = lip_curves(p, np.abs(x))
    ax = np.abs(x)
    edges = f32([0.0, *_TEETH_EDGES_MM])
    gap = np.min(np.abs(ax[..., None] - edges), -1)
    wave = np.float32(0.9) * (1 - ridge(gap, 1.3))
    tips = np.float32(-67.5 * p.face_length + 0.3 * p.mouth_gap - 7.6) - wave + np.float32(0.010) * ax * ax
    tooth = _soft(y - tips, 0.3)
    shade = np.clip(1 - np.float32(0.030) * np.maximum(ax - 6, 0), 0.25, 1) * (
        np.float32(0.5) + np.float32(0.5) * smoothstep(0, 2.6, c.inner_upper - y)
    )
    shade = (
        shade
        * (1 - np.float32(0.28) * ridge(gap, 0.28))
        * (1 + np.float32(0.02) * noise_at("mottle", x * 4, y * 4))
    )
    teeth = f32(_TOOTH) * shade[..., None]
    return f32(teeth * tooth[..., None] + f32(_CAVITY) * (1 - tooth[..., None]))
