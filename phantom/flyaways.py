"""Loose hairs: a few that leave the hair, across forehead and temples and off the silhouette."""

from __future__ import annotations

import numpy as np

from phantom.casting import BaseGrid, Hit, gradient, normalise
from phantom.fields import Field, f32
from phantom.hair import STRAND_LENGTH_MM, Hair
from phantom.identity import Identity
from phantom.patches import Tile
from phantom.strands import StrandCanvas, draw_paths, tangent
from phantom.strands import seeds as drawn_seeds
from phantom.view import Matrix, Vector

_MOST, _WIDTH_MM, _POINTS = 130, 0.13, 8
_LIGHT = 0.85
"""irradiance of a hair that nothing shades"""


def loose_strands(hair: Hair, grid: BaseGrid, turn: Matrix, hit: Hit, line: Field) -> StrandCanvas | None:
    """Drawn loose hairs, or None for a head that has none; `line` is mm inside the hairline on `hit`."""
    p = hair.person
    count = round(_MOST * p.loose_strands)
    if p.hair_style in ("bald", "buzz") or count < 3:
        return None
    rng = np.random.default_rng([p.seed, 83])
    edge = np.exp(-((line - 4) ** 2) / 120) * (hit.point[2] > -95) + 0.5 * (np.abs(hit.normal[2]) < 0.35)
    roots = drawn_seeds(hit.point, f32(edge * (hit.miss < 0.5) * (line > -2)), count, rng)
    if roots is None:
        return None
    paths = _paths(hair, roots, rng)
    col, row, depth = grid.view.project(turn, paths[..., 0], paths[..., 1], paths[..., 2])
    valid = depth < grid.look_up(hit.depth, hit.window, col, row) + 6.0
    tone = f32(np.clip(rng.normal(0.55, 0.2, count), 0.1, 0.98))
    return draw_paths(grid, (col, row), valid, tone, rng.uniform(0.4, 0.95, count), _WIDTH_MM, rng)


def _paths(hair: Hair, roots: Vector, rng: np.random.Generator) -> Field:
    """(N, K, 3) points of hairs that rise from the shell, bend down and stay off the skin."""
    n = len(roots[0])
    normal = gradient(hair.distance, roots, 1.5)
    along = tangent(hair, roots, normal, f32(rng.normal(0, 0.35, (3, n))))
    forward = f32(rng.random(n) < 0.5)
    fall: tuple[float, float, float] = (0.0, -0.9, 0.25)
    lift = f32(0.05 + 0.4 * rng.random(n) ** 2)
    bend = f32(rng.normal(0, 0.35, (3, n)))
    reach = min(70.0, 1.2 * STRAND_LENGTH_MM[hair.person.hair_style])
    length = f32(rng.uniform(0.25, 0.85, n) * reach)[:, None]
    q = f32(np.linspace(0, 1, _POINTS))[None, :]
    path = []
    for i in range(3):
        away = along[i] * (1 - forward) + np.float32(fall[i]) * forward + normal[i] * lift
        sag = bend[i] - np.float32(0.35 * (i == 1))
        path.append(f32(roots[i][:, None] + length * (away[:, None] * q + sag[:, None] * q * q)))
    point: Vector = (path[0], path[1], path[2])
    inside = np.clip(np.float32(1.0) - hair.surface.head(*point), 0, 25)
    out = normalise(gradient(hair.surface.head, point, 1.0))
    return f32(np.stack([c + inside * d for c, d in zip(point, out, strict=True)], -1))


def lay_strands(p: Identity, tile: Tile, canvas: StrandCanvas, rows: slice, cols: slice) -> None:
    """Put the loose hairs over a composed tile; a hair hides too little to change a label."""
    strand, tone = canvas.rows(rows, cols)
    colour = f32(p.hair_colour) * ((np.float32(0.5) + tone) * np.float32(_LIGHT) * strand)[..., None]
    tile.diffuse *= (1 - strand)[..., None]
    tile.diffuse += colour
    tile.specular *= 1 - strand
    tile.coverage += (1 - tile.coverage) * strand
    tile.veil += (1 - tile.veil) * strand
