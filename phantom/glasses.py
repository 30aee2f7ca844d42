"""Spectacles over the composed picture: frames of three kinds, lenses that tint, reflect and shift what is behind them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.atlas import rim_distance
from phantom.casting import BaseGrid, Hit
from phantom.fields import Field, f32, noise_at, ridge, smoothstep
from phantom.identity import Identity
from phantom.patches import Tile
from phantom.scene import PART
from phantom.view import View, rotation

_PLANE_Z_MM, _CENTRE_X_MM, _CENTRE_Y_MM = 14.0, 33.0, -3.5
_BEFORE_MM = 6.0
"""what lies this much before the lenses hides them: the nose, from the side"""
_RIMLESS_MM, _ARM_Y_MM = 0.22, 2.0
_ARM = ((14.0, 0.0), (0.0, 4.0), (-30.0, 7.0), (-60.0, 7.5), (-92.0, 8.0))
"""(z, mm beside the face) of a temple arm on its way from the hinge to the ear"""


def draw_glasses(
    p: Identity, view: View, tile: Tile, arms: NDArray[np.uint8], rows: slice, cols: slice
) -> None:
    """Put them over a tile; lens interiors are labelled glasses, too. `arms` is `temple_arms` of the picture."""
    x, y, reach = _lens_plane(p, view, rows, cols)
    free = smoothstep(_BEFORE_MM + 1, _BEFORE_MM - 1, reach - tile.depth)
    rim = rim_distance(p, np.abs(x), y)
    frame = f32(np.maximum(_frame(p, view, np.abs(x), y, rim) * free, f32(arms[rows, cols]) / 255))
    lens = f32(np.clip(0.5 - rim * np.float32(view.px_per_mm), 0, 1) * free)
    _see_through(p, view, tile, x, lens)
    tile.specular += lens * _reflection(p, x, y)
    round_ = np.float32(0.55) + np.float32(0.45) * np.clip(-rim / np.float32(p.frame_thickness), -1, 1)
    tile.diffuse *= (1 - frame)[..., None]
    tile.diffuse += f32(p.frame_colour) * (frame * (np.float32(0.6) + round_ * np.float32(0.5)))[..., None]
    glint = np.float32(0.10) * ridge(rim + np.float32(0.3), 0.5)
    tile.specular = f32(tile.specular * (1 - frame) + frame * glint)
    tile.coverage = f32(np.maximum(tile.coverage, frame))
    worn = (frame > 0.5) | (lens > 0.5)
    tile.labels[worn] = PART["glasses"]
    for truth in (tile.bits, tile.melanin, tile.blood, tile.veil):
        truth[worn] = 0


def temple_arms(p: Identity, grid: BaseGrid, hits: list[Hit]) -> NDArray[np.uint8]:
    """(H, W) opacity of both temple arms, hidden where one of `hits` lies before them."""
    view = grid.view
    canvas = np.zeros((view.height, view.width), np.uint8)
    turn = rotation(view.pose)
    z = f32(np.linspace(_ARM[-1][0], _ARM[0][0], 40))[None, :]
    beside = f32(np.interp(-z, [-k[0] for k in _ARM], [k[1] for k in _ARM]))
    start = _CENTRE_X_MM + p.frame_half_width
    x = np.float32(p.face_width) * (
        np.float32(start) + (np.float32(66) - start) * smoothstep(14, -40, z) + beside
    )
    for side in (-1.0, 1.0):
        y = np.full_like(z, _ARM_Y_MM - 4) + np.float32(4) * smoothstep(-60, 10, z)
        col, row, depth = view.project(turn, f32(np.float32(side) * x), y, z)
        seen = np.ones(z.shape, bool)
        for hit in hits:
            seen &= depth < grid.look_up(hit.depth, hit.window, col, row) + 3
        points = np.round(np.stack([col[0], row[0]], -1) * 16).astype(np.int32)
        thick = max(1, round(2 * p.frame_thickness * view.px_per_mm))
        lines = [points[k : k + 2] for k in range(len(points) - 1) if seen[0, k] and seen[0, k + 1]]
        cv2.polylines(canvas, lines, False, 235.0, thick, cv2.LINE_AA, 4)
    return canvas


def _lens_plane(p: Identity, view: View, rows: slice, cols: slice) -> tuple[Field, Field, Field]:
    """Face coordinates (mm) where the tile's rays cross the plane of the lenses, and the distance of that point."""
    turn = rotation(view.pose)
    col, row = np.meshgrid(np.arange(cols.start, cols.stop), np.arange(rows.start, rows.stop))
    ray, eye = view.rays(turn, f32(col), f32(row)), view.eye_point(turn)
    t = (np.float32(_PLANE_Z_MM) - np.float32(eye[2])) / ray[2]
    x = (np.float32(eye[0]) + t * ray[0]) * np.float32(1 / p.face_width)
    return f32(x), f32(np.float32(eye[1]) + t * ray[1]), f32(t)


def _see_through(p: Identity, view: View, tile: Tile, x: Field, lens: Field) -> None:
    """Tint what is behind the lenses and shift it sideways; a shift along rows needs no other tile."""
    shift = np.float32(p.lens_power * view.px_per_mm) * (np.abs(x) - np.float32(_CENTRE_X_MM)) * np.sign(x)
    height, width = lens.shape
    col, row = np.meshgrid(np.arange(width), np.arange(height))
    for layer in (tile.diffuse, tile.specular, tile.coverage):
        behind = cv2.remap(
            layer, f32(col - shift), f32(row), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        share = lens if layer.ndim == 2 else lens[..., None]
        layer *= 1 - share
        layer += behind * share
    tile.diffuse *= (1 - np.float32(p.lens_tint) * lens)[..., None]


def _reflection(p: Identity, x: Field, y: Field) -> Field:
    """Radiance mirrored by the lenses: a faint surrounding and, on some, the lamps' slanted panes."""
    around = smoothstep(0.2, 1.4, noise_at("smooth", x * np.float32(0.6) + 40, y * np.float32(0.6)))
    local = np.abs(x) - np.float32(_CENTRE_X_MM)
    place = float(np.random.default_rng([p.seed, 63]).uniform(-12, 12))
    slant = np.sign(x) * local + np.float32(0.45) * y - np.float32(place)
    pane = smoothstep(9, 6, np.abs(slant)) * smoothstep(-16, -6, y - np.float32(_CENTRE_Y_MM))
    pane = pane * (np.float32(0.55) + np.float32(0.45) * smoothstep(0.4, 1.0, np.abs(slant)))
    return f32(np.float32(0.02) * around + np.float32(0.22 * p.lens_glare) * pane + np.float32(0.012))


def _frame(p: Identity, view: View, ax: Field, y: Field, rim: Field) -> Field:
    """Opacity of rims, bridge and hinges."""

    def wire(distance: Field, half_mm: float) -> Field:
        inside = (np.float32(half_mm) - np.abs(distance)) * np.float32(view.px_per_mm)
        return f32(
            np.clip(inside + np.float32(0.5), 0, 1) * np.float32(min(1.0, 3 * half_mm * view.px_per_mm))
        )

    thick = min(p.frame_thickness, 0.6) if p.frame == "rimless" else p.frame_thickness
    upper = {"full": 1.0, "rimless": 0.0}.get(p.frame, smoothstep(-1, 3, y - np.float32(_CENTRE_Y_MM)))
    edge = np.float32(0.35) * wire(rim, _RIMLESS_MM)
    bridge = wire(f32(y - np.float32(0.5) - np.float32(0.03) * ax * ax), thick) * (
        ax < _CENTRE_X_MM - p.frame_half_width
    )
    hinge = wire(y - np.float32(_ARM_Y_MM), thick) * (ax > _CENTRE_X_MM + p.frame_half_width - 1.5)
    hinge = hinge * (ax < 62)
    return f32(np.maximum.reduce([wire(rim, thick) * upper, edge, bridge, hinge]))
