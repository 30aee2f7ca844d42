"""Single hairs: grown along the hair's flow, projected and drawn into coverage and brightness canvases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.casting import BaseGrid, Hit, gradient, normalise
from phantom.fields import Field, f32, noise_at
from phantom.hair import STRAND_LENGTH_MM, Hair
from phantom.view import Matrix, Vector

_WIDTH_MM = 0.16
_TONES, _PASSES = 12, 5
_TOUSLE = {"short": 1.3, "curly": 1.2, "side": 0.6}
_MESS = {"short": 0.28, "curly": 0.9, "side": 0.14, "up": 0.08}


@dataclass(frozen=True)
class StrandCanvas:
    """8-bit (H, W, 2) at picture size: opacity of strands, and their brightness (128 = average)."""

    image: NDArray[np.uint8]

    def rows(self, rows: slice, cols: slice) -> tuple[Field, Field]:
        """Opacity and brightness, 0..1, of a tile."""
        tile = f32(self.image[rows, cols]) * np.float32(1 / 255)
        return f32(tile[..., 0]), f32(tile[..., 1])


def scalp_strands(
    hair: Hair, grid: BaseGrid, turn: Matrix, hit: Hit, line: Field, hairy: Field
) -> StrandCanvas:
    """Hairs of the scalp seen in the picture; `line` is mm inside the hairline and `hairy` where the shell is, on `hit`."""
    p = hair.person
    rng = np.random.default_rng([p.seed, 81])
    painter = _Painter(grid)
    weight = (
        hairy * (hit.miss < 0.5) * np.clip(1.2 / np.maximum(np.abs(hit.normal[2]), 0.25), 1, 3) * (line > -3)
    )
    area = float((hairy > 0.3).sum()) * (grid.step / grid.view.px_per_mm) ** 2
    density = (0.75 if p.hair_style == "buzz" else 0.42) * p.hair_cover**2
    count = int(np.clip(area * density, 0, 9000))
    roots = seeds(hit.point, weight, count, rng)
    if roots is None:
        return StrandCanvas(painter.reduced())
    paths, valid = _grow(hair, roots, rng)
    col, row, depth = grid.view.project(turn, paths[..., 0], paths[..., 1], paths[..., 2])
    wall = grid.look_up(hit.depth, hit.window, col, row)
    valid &= depth < wall + 3.0
    brightness = _brightness(hair, roots, rng)
    opacity = rng.uniform(0.65, 1.0, len(paths)) * (0.55 if p.hair_style == "buzz" else 1.0)
    painter.draw(col, row, valid, brightness, opacity, _WIDTH_MM, rng)
    return StrandCanvas(painter.reduced())


def beard_strands(hair: Hair, grid: BaseGrid, turn: Matrix, hit: Hit, density: Field) -> StrandCanvas:
    """Hairs of a full beard, goatee or moustache rooted where `density` (on `hit`) is high."""
    p = hair.person
    rng = np.random.default_rng([p.seed, 82])
    painter = _Painter(grid)
    area = float(density.sum()) * (grid.step / grid.view.px_per_mm) ** 2
    picks = _picks(density * (hit.miss < 0.5), int(np.clip(area * 1.1, 0, 9000)), rng)
    if picks is None:
        return StrandCanvas(painter.reduced())
    root, normal = _at(hit.point, picks), _at(hit.normal, picks)
    n = len(root[0])
    q = f32(np.linspace(0, 1, 5))[None, :]
    length = f32(rng.uniform(3.0, 6.0 + 5.0 * p.beard_density, n))[:, None]
    jitter = f32(rng.normal(0, 0.28, (3, n)))
    flow = (
        root[0] * np.float32(0.012) + jitter[0],
        np.full(n, -1, np.float32) + jitter[1],
        np.float32(0.15) + jitter[2],
    )
    lift = length * (np.float32(0.25) * q - np.float32(0.12) * q * q)
    path = [root[i][:, None] + flow[i][:, None] * length * q + normal[i][:, None] * lift for i in range(3)]
    col, row, _ = grid.view.project(turn, f32(path[0]), f32(path[1]), f32(path[2]))
    brightness = np.clip(rng.normal(0.5, 0.2, n), 0.05, 1)
    painter.draw(col, row, np.ones(col.shape, bool), f32(brightness), rng.uniform(0.5, 0.9, n), 0.13, rng)
    return StrandCanvas(painter.reduced())


def draw_paths(
    grid: BaseGrid,
    place: tuple[Field, Field],
    valid: NDArray[np.bool_],
    brightness: Field,
    opacity: NDArray[np.float64],
    width_mm: float,
    rng: np.random.Generator,
) -> StrandCanvas:
    """Paths at picture columns and rows (N, K), drawn where `valid`; brightness and opacity 0..1 per path."""
    painter = _Painter(grid)
    painter.draw(*place, valid, brightness, opacity, width_mm, rng)
    return StrandCanvas(painter.reduced())


def _picks(weight: Field, count: int, rng: np.random.Generator) -> NDArray[np.int64] | None:
    flat = np.maximum(weight.ravel().astype(np.float64), 0)
    if count == 0 or flat.sum() <= 0:
        return None
    return np.searchsorted(np.cumsum(flat) / flat.sum(), rng.random(count)).clip(0, flat.size - 1)


def _at(vector: Vector, picks: NDArray[np.int64]) -> Vector:
    return vector[0].ravel()[picks], vector[1].ravel()[picks], vector[2].ravel()[picks]


def seeds(point: Vector, weight: Field, count: int, rng: np.random.Generator) -> Vector | None:
    """`count` points of a surface drawn by `weight`; None when it is nowhere positive."""
    picks = _picks(f32(weight), count, rng)
    if picks is None:
        return None
    x, y, z = (v + f32(rng.uniform(-0.4, 0.4, count)) for v in _at(point, picks))
    return f32(x), f32(y), f32(z)


def _grow(hair: Hair, seeds: Vector, rng: np.random.Generator) -> tuple[Field, NDArray[np.bool_]]:
    """(N, K, 3) points along each strand through `seeds`, and which of them belong to it."""
    p, n = hair.person, len(seeds[0])
    reach = STRAND_LENGTH_MM.get(p.hair_style, 30.0)
    half_steps = 3 if reach < 15 else 6
    stride = f32(rng.uniform(0.6, 1.2, n) * reach / (2 * half_steps))
    rise = f32(
        np.abs(rng.normal(0, _TOUSLE.get(p.hair_style, 0.35), n))
        + (rng.random(n) < 0.05) * rng.uniform(0.5, 3.0, n)
    )
    phase, curl = (
        f32(rng.uniform(0, 6.28, n)),
        {"curly": 2.2}.get(p.hair_style, 0.25 + 0.9 * p.curl * (reach > 40)),
    )
    margin = f32(rng.normal(-0.8, 1.6, n) + p.hair_softness * rng.random(n) ** 0.7)
    lean = f32(rng.normal(0, _MESS.get(p.hair_style, 0.10), (3, n)))
    back, front = (
        _arm(hair, seeds, sign, half_steps, stride, rise, phase, curl, margin, lean) for sign in (-1.0, 1.0)
    )
    points = np.concatenate([back[0][:, ::-1], np.stack(seeds, -1)[:, None], front[0]], 1)
    valid = np.concatenate([back[1][:, ::-1], np.ones((n, 1), bool), front[1]], 1)
    return f32(points), valid


def _arm(
    hair: Hair,
    seeds: Vector,
    sign: float,
    steps: int,
    stride: Field,
    rise: Field,
    phase: Field,
    curl: float,
    margin: Field,
    lean: Field,
) -> tuple[Field, NDArray[np.bool_]]:
    point, alive = seeds, np.ones(len(stride), bool)
    points, valid = [], []
    for k in range(steps):
        normal = gradient(hair.distance, point, 1.5)
        t = tangent(hair, point, normal, lean)
        point = tuple(f32(c + np.float32(sign) * stride * d) for c, d in zip(point, t, strict=True))  # type: ignore[assignment]
        lift = rise * np.float32(0.5 + 0.5 * sign * (k + 1) / steps)
        gap = hair.distance(*point) - lift
        point = tuple(f32(c - gap * d) for c, d in zip(point, normal, strict=True))  # type: ignore[assignment]
        swing = np.float32(curl) * np.sin(phase + np.float32(sign * 1.1 * (k + 1)))
        side = np.cross(np.stack(normal, -1), np.stack(t, -1))
        alive = alive & ((hair.line(*point) > margin) | _on_curtain(hair, point))
        points.append(np.stack(point, -1) + side * swing[:, None])
        valid.append(alive)
    return f32(np.stack(points, 1)), np.stack(valid, 1)


def _on_curtain(hair: Hair, point: Vector) -> NDArray[np.bool_]:
    return np.asarray((hair.on_curtain(*point) > 0.5) & (hair.surface.head(*point) > 1.5))


def tangent(hair: Hair, point: Vector, normal: Vector, lean: Field | None = None) -> Vector:
    """Unit hair direction on the surface."""
    flow = hair.flow(*point)
    if lean is not None:
        flow = tuple(f32(c + j) for c, j in zip(flow, lean, strict=True))  # type: ignore[assignment]
    along = flow[0] * normal[0] + flow[1] * normal[1] + flow[2] * normal[2]
    return normalise(tuple(f32(c - along * d) for c, d in zip(flow, normal, strict=True)))  # type: ignore[arg-type]


def _brightness(hair: Hair, seeds: Vector, rng: np.random.Generator) -> Field:
    x, y, z = seeds
    o = np.float32(hair.offset)
    lock = noise_at("mottle", (x * 2 + o)[:, None], ((y * np.float32(0.4) + z) * 2)[:, None])[:, 0]
    spread = 0.17 + 0.12 * hair.person.greyness
    return f32(np.clip(0.5 + rng.normal(0, spread, len(x)) + 0.12 * lock, 0.05, 0.98))


class _Painter:
    """Draws strands on a canvas finer than a coarse picture, then averages down."""

    def __init__(self, grid: BaseGrid) -> None:
        view = grid.view
        self.scale = 2 if view.px_per_mm < 4 else 1
        self.px_per_mm = view.px_per_mm * self.scale
        self.size = (view.height, view.width)
        self.canvas = np.zeros((view.height * self.scale, view.width * self.scale, 2), np.uint8)
        self.canvas[..., 1] = 128

    def draw(
        self,
        col: Field,
        row: Field,
        valid: NDArray[np.bool_],
        brightness: Field,
        opacity: NDArray[np.float64],
        width_mm: float,
        rng: np.random.Generator,
    ) -> None:
        thin = width_mm * self.px_per_mm
        thick, fade = max(1, round(thin)), float(np.clip(thin * 1.5, 0.35, 1.0))
        fixed = np.round(
            np.stack([(col + 0.5) * self.scale - 0.5, (row + 0.5) * self.scale - 0.5], -1) * 16
        ).astype(np.int32)
        tone = np.clip((brightness * _TONES).astype(int), 0, _TONES - 1)
        batch = rng.permutation(_TONES * _PASSES)[tone + _TONES * rng.integers(0, _PASSES, len(tone))]
        for key in range(_TONES * _PASSES):
            members = np.flatnonzero(batch == key)
            lines = [run for i in members for run in _runs(fixed[i], valid[i])]
            if lines:
                colour = (
                    255 * fade * float(opacity[members].mean()),
                    255 * float(brightness[members].mean()),
                )
                cv2.polylines(self.canvas, lines, False, colour, thick, cv2.LINE_AA, 4)

    def reduced(self) -> NDArray[np.uint8]:
        if self.scale == 1:
            return self.canvas
        return np.asarray(cv2.resize(self.canvas, self.size[::-1], interpolation=cv2.INTER_AREA), np.uint8)


def _runs(path: NDArray[np.int32], valid: NDArray[np.bool_]) -> Iterator[NDArray[np.int32]]:
    if valid.all():
        yield path
        return
    start = None
    for i, good in enumerate([*valid.tolist(), False]):
        if good and start is None:
            start = i
        elif not good and start is not None:
            if i - start > 1:
                yield path[start:i]
            start = None
