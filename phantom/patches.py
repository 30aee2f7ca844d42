"""What one layer shows in one tile of the picture, and how layers combine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32
from phantom.scene import MASK_BITS


@dataclass(frozen=True)
class Patch:
    """A layer's appearance on a rectangle of the picture; all (h, w)."""

    rows: slice
    cols: slice
    diffuse: Field
    """(h, w, 3)"""
    specular: Field
    opacity: Field
    depth: Field
    labels: NDArray[np.uint8]
    melanin: Field
    blood: Field
    bits: NDArray[np.unsignedinteger[Any]]
    veil: Field | None = None
    """how much hair hides here, 0.5 where the part is anybody's guess; none when None"""
    glow: NDArray[np.uint8] | None = None
    """(h, w, 2) as in `Geometry.glow`; none when None"""


def bits_of(masks: dict[str, NDArray[np.bool_]]) -> NDArray[np.uint16]:
    """Pack masks named in `MASK_BITS` into one word a pixel."""
    packed = np.zeros(next(iter(masks.values())).shape, np.uint16)
    for name, mask in masks.items():
        packed |= mask.astype(np.uint16) * np.uint16(1 << MASK_BITS.index(name))
    return packed


@dataclass
class Tile:
    """A stripe of the picture being composed."""

    diffuse: Field
    specular: Field
    coverage: Field
    labels: NDArray[np.uint8]
    melanin: Field
    blood: Field
    bits: NDArray[np.uint16]
    veil: Field
    depth: Field
    """of the nearest mostly opaque surface; far where there is none"""
    glow: NDArray[np.uint8]


def compose(rows: slice, cols: slice, patches: list[Patch]) -> Tile:
    """Put patches over each other, nearer over farther at every pixel; the nearest mostly opaque one gives the truth."""
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    full = [_spread(patch, rows, cols, shape) for patch in patches]
    depth = np.stack([p.depth for p in full]) if full else np.zeros((0, *shape), np.float32)
    order = np.argsort(-depth, axis=0, kind="stable") if full else depth
    tile = _empty(shape)
    for rank in range(len(full)):
        for index, patch in enumerate(full):
            here = (order[rank] == index) & (patch.opacity > 0)
            if here.any():
                _over(tile, patch, here)
    return tile


def _empty(shape: tuple[int, int]) -> Tile:
    zero, byte = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    return Tile(
        np.zeros((*shape, 3), np.float32),
        zero,
        zero.copy(),
        byte,
        zero.copy(),
        zero.copy(),
        np.zeros(shape, np.uint16),
        zero.copy(),
        np.full(shape, 1e6, np.float32),
        np.zeros((*shape, 2), np.uint8),
    )


def _over(tile: Tile, patch: Patch, here: NDArray[np.bool_]) -> None:
    a = np.where(here, patch.opacity, np.float32(0))
    clear = 1 - a
    tile.diffuse *= clear[..., None]
    tile.diffuse += patch.diffuse * a[..., None]
    tile.specular *= clear
    tile.specular += patch.specular * a
    tile.coverage *= clear
    tile.coverage += a
    tile.veil *= clear
    if patch.veil is not None:
        tile.veil += patch.veil * a
    top = a > 0.5
    tile.labels[top] = patch.labels[top]
    tile.melanin[top] = patch.melanin[top]
    tile.blood[top] = patch.blood[top]
    tile.bits[top] = patch.bits[top]
    tile.depth[top] = patch.depth[top]
    tile.glow[top] = 0 if patch.glow is None else patch.glow[top]


def _spread(p: Patch, rows: slice, cols: slice, shape: tuple[int, int]) -> Patch:
    window = (
        slice(p.rows.start - rows.start, p.rows.stop - rows.start),
        slice(p.cols.start - cols.start, p.cols.stop - cols.start),
    )

    def grow(a: NDArray[np.generic], fill: float = 0) -> NDArray[np.generic]:
        out = np.full((*shape, *a.shape[2:]), fill, a.dtype)
        out[window] = a
        return out

    return Patch(
        rows, cols, f32(grow(p.diffuse)), f32(grow(p.specular)), f32(grow(p.opacity)), f32(grow(p.depth, 1e6)),
        grow(p.labels).astype(np.uint8), f32(grow(p.melanin)), f32(grow(p.blood)), grow(p.bits).astype(np.uint16),
        None if p.veil is None else f32(grow(p.veil)), None if p.glow is None else grow(p.glow).astype(np.uint8),
    )  # fmt: skip
