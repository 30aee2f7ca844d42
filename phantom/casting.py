"""Ray casting of implicit surfaces, coarse to fine, on a base grid no finer than the surfaces' own detail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32
from phantom.view import Matrix, Vector, View

Distance = Callable[[Field, Field, Field], Field]
BASE_PX_PER_MM = 2.4
_NEAR_MM, _FAR_MM = -130.0, 260.0
"""range of depths searched, relative to the eyes'"""
_COARSE = 5
_SQUARE = np.ones((3, 3), np.uint8)
NO_RAY_MM = 100.0
GRAZE_MM = 0.25
"""a ray that comes this near counts as meeting the surface"""
_LATE_STEPS, _LATE_STRIDE_MM, _ROW = 26, 1.5, 256


@dataclass(frozen=True)
class BaseGrid:
    """The picture at reduced resolution with one cell of margin; `step` picture pixels per cell."""

    view: View
    step: float

    @classmethod
    def of(cls, view: View) -> BaseGrid:
        """The grid for a view."""
        return cls(view, max(1.0, view.px_per_mm / BASE_PX_PER_MM))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(np.ceil(self.view.height / self.step)) + 3, int(np.ceil(self.view.width / self.step)) + 3

    def positions(self, rows: slice, cols: slice) -> tuple[Field, Field]:
        """Picture columns and rows of the cells."""
        c, r = np.meshgrid(np.arange(cols.start, cols.stop), np.arange(rows.start, rows.stop))
        return f32((c - 0.5) * self.step - 0.5), f32((r - 0.5) * self.step - 0.5)

    def enlarge(self, table: Field, window: tuple[slice, slice], rows: slice, cols: slice) -> Field:
        """`table` (of the grid's `window`) at the picture pixels of `rows` x `cols`, bilinear, edge repeated."""
        k = 1 / self.step
        matrix = np.array(
            [
                [k, 0, (cols.start + 0.5) * k + 0.5 - window[1].start],
                [0, k, (rows.start + 0.5) * k + 0.5 - window[0].start],
            ]
        )
        size = (cols.stop - cols.start, rows.stop - rows.start)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return f32(cv2.warpAffine(table, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))

    def look_up(self, table: Field, window: tuple[slice, slice], col: Field, row: Field) -> Field:
        """`table` (of the grid's `window`) at picture positions, bilinear, edge repeated."""
        k = np.float32(1 / self.step)
        u = (col + np.float32(0.5)) * k + np.float32(0.5 - window[1].start)
        v = (row + np.float32(0.5)) * k + np.float32(0.5 - window[0].start)
        return f32(cv2.remap(table, f32(u), f32(v), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


@dataclass(frozen=True)
class Hit:
    """Where the rays of a window of the base grid meet one surface."""

    window: tuple[slice, slice]
    depth: Field
    """distance from the camera, mm; of the closest approach where the ray misses"""
    miss: Field
    """distance by which the ray misses the surface, mm; about 0 on it"""
    point: Vector
    normal: Vector
    cells: NDArray[np.intp]
    """flat indices of the cells that were cast, a few repeated to fill rows; elsewhere `miss` is `NO_RAY_MM`"""

    def gather(self, v: Vector) -> Vector:
        """The cast cells of a window-sized vector field, in rows."""
        return tuple(np.take(c, self.cells) for c in v)  # type: ignore[return-value]

    def scatter(self, seen: Field) -> Field:
        """A window-sized field from values at the cast cells; 1 elsewhere."""
        return _scattered(self.depth.shape, self.cells, seen, 1.0)


def cast(
    grid: BaseGrid, turn: Matrix, distance: Distance, steps: int = 6, region: Distance | None = None
) -> Hit | None:
    """First meeting of the picture's rays with a surface; None when it is out of the picture.

    Where `region` is negative the surface is of no interest, so the window may leave that part out.
    """
    start = _coarse(grid, turn, distance, region)
    if start is None:
        return None
    window, start_depth, near = start
    wanted = np.flatnonzero(near)
    cells = np.resize(wanted, (-(-wanted.size // _ROW), _ROW))
    col, row = grid.positions(*window)
    ray = grid.view.rays(turn, np.take(col, cells), np.take(row, cells))
    eye = grid.view.eye_point(turn)
    depth, miss = _march(distance, eye, ray, np.take(start_depth, cells), steps, 1.0)
    depth, miss = _persist(distance, eye, ray, depth, miss)
    point = _along(eye, ray, depth)
    normal = gradient(distance, point)
    spread = partial(_scattered, near.shape, cells)
    return Hit(
        window,
        spread(depth, grid.view.distance_mm + _FAR_MM),
        spread(miss, NO_RAY_MM),
        (spread(point[0]), spread(point[1]), spread(point[2])),
        (spread(normal[0]), spread(normal[1]), spread(normal[2], 1.0)),
        cells,
    )


def _scattered(
    shape: tuple[int, ...], cells: NDArray[np.intp], values: Field, elsewhere: float = 0.0
) -> Field:
    out = np.full(shape, elsewhere, np.float32)
    out.ravel()[cells] = values
    return out


def _coarse(
    grid: BaseGrid, turn: Matrix, distance: Distance, region: Distance | None
) -> tuple[tuple[slice, slice], Field, NDArray[np.bool_]] | None:
    """Window of the base grid, where to start marching, and which of its cells to cast."""
    depth, miss, near = _sparse(grid, turn, distance, region)
    if not near.any():
        return None
    window = _window(near, grid.shape)
    start = _refined(_wary(depth, miss, grid.view), window)
    cells = _refined(f32(near), window) > 0.3
    return window, f32(np.minimum(start, np.float32(grid.view.distance_mm + 120))), cells


def _sparse(
    grid: BaseGrid, turn: Matrix, distance: Distance, region: Distance | None
) -> tuple[Field, Field, NDArray[np.bool_]]:
    """Depth and miss at every fifth cell, and where the surface is met nearby and of interest."""
    rows, cols = grid.shape
    sparse_rows, sparse_cols = -(-rows // _COARSE) + 1, -(-cols // _COARSE) + 1
    c, r = np.meshgrid(np.arange(sparse_cols) * _COARSE, np.arange(sparse_rows) * _COARSE)
    col, row = f32((c - 0.5) * grid.step - 0.5), f32((r - 0.5) * grid.step - 0.5)
    ray, eye = grid.view.rays(turn, col, row), grid.view.eye_point(turn)
    start = np.full(col.shape, grid.view.distance_mm + _NEAR_MM, np.float32)
    depth, miss = _march(distance, eye, ray, start, 26, 0.9)
    wanted = miss < 3
    if region is not None:
        wanted &= region(*_along(eye, ray, depth)) > 0
    near = cv2.dilate(wanted.astype(np.uint8), _SQUARE) > 0
    return depth, miss, near


def _wary(depth: Field, miss: Field, view: View) -> Field:
    """Depth within the surface; at its edges that of the nearest neighbour, and a little before it."""
    behind = np.where(miss < 3, depth, np.float32(view.distance_mm + _FAR_MM))
    wary = f32(cv2.erode(behind, _SQUARE)) - 3
    inner = cv2.erode((miss < 0.5).astype(np.uint8), _SQUARE) > 0
    return f32(np.where(inner, depth, wary))


def _window(near: NDArray[np.bool_], shape: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of the base grid that hold the sparse cells."""
    (first_row, last_row), (first_col, last_col) = (
        np.flatnonzero(near.any(axis))[[0, -1]] for axis in (1, 0)
    )
    return (
        slice(max(0, int(first_row) * _COARSE - 2), min(shape[0], int(last_row) * _COARSE + 3)),
        slice(max(0, int(first_col) * _COARSE - 2), min(shape[1], int(last_col) * _COARSE + 3)),
    )


def _refined(sparse: Field, window: tuple[slice, slice]) -> Field:
    """A sparse table at the cells of the window, bilinear, edge repeated."""
    rows, cols = window
    c, r = np.meshgrid(np.arange(cols.start, cols.stop), np.arange(rows.start, rows.stop))
    at = (f32(c / _COARSE), f32(r / _COARSE))
    return f32(cv2.remap(sparse, *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))


def _march(
    distance: Distance,
    eye: object,
    ray: Vector,
    start: Field,
    steps: int,
    relax: float,
    least_mm: float = 0.0,
) -> tuple[Field, Field]:
    """Depth and miss of the nearest approach; while off the surface a step is at least `least_mm` long."""
    far = np.float32(np.linalg.norm(f32(eye)) + _FAR_MM + 100)
    depth, best, best_depth = start.copy(), np.full(start.shape, 1e9, np.float32), start.copy()
    for _ in range(steps):
        d = distance(*_along(eye, ray, depth))
        closer = np.abs(d) < best
        best, best_depth = np.where(closer, np.abs(d), best), np.where(closer, depth, best_depth)
        d = np.where(d > GRAZE_MM, np.maximum(d, np.float32(least_mm)), d)
        depth = np.minimum(depth + np.clip(d, -25, 80) * np.float32(relax), far)
    d = distance(*_along(eye, ray, depth))
    closer = np.abs(d) < best
    return f32(np.where(closer, depth, best_depth)), f32(np.minimum(best, np.abs(d)))


def _persist(distance: Distance, eye: object, ray: Vector, depth: Field, miss: Field) -> tuple[Field, Field]:
    """March on with the few rays that grazed one part of the surface and may yet meet another."""
    open_ = np.flatnonzero((miss > GRAZE_MM) & (miss < 12))
    if open_.size == 0:
        return depth, miss
    padded = np.resize(open_, (-(-open_.size // _ROW), _ROW))
    few = f32(ray[0].ravel()[padded]), f32(ray[1].ravel()[padded]), f32(ray[2].ravel()[padded])
    start = f32(depth.ravel()[padded] + np.maximum(miss.ravel()[padded], 1.5))
    late_depth, late_miss = _march(distance, eye, few, start, _LATE_STEPS, 1.0, _LATE_STRIDE_MM)
    better = late_miss < np.minimum(miss.ravel()[padded], 0.5)
    depth, miss = depth.copy(), miss.copy()
    depth.ravel()[padded[better]], miss.ravel()[padded[better]] = late_depth[better], late_miss[better]
    return depth, miss


def _along(eye: object, ray: Vector, depth: Field) -> Vector:
    o = f32(eye)
    return f32(o[0] + depth * ray[0]), f32(o[1] + depth * ray[1]), f32(o[2] + depth * ray[2])


def gradient(distance: Distance, point: Vector, step: float = 0.55) -> Vector:
    """Unit outward normals by forward differences over `step` mm."""
    x, y, z = point
    h, base = np.float32(step), distance(x, y, z)
    g = (distance(x + h, y, z) - base, distance(x, y + h, z) - base, distance(x, y, z + h) - base)
    return normalise(g)


def normalise(v: Vector) -> Vector:
    """Vectors of unit length."""
    n = 1 / np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2] + np.float32(1e-12))
    return f32(v[0] * n), f32(v[1] * n), f32(v[2] * n)
