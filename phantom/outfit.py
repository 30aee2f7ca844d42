"""The rest of the person per tile: scalp hair, ears, neck and garment."""

from __future__ import annotations

import numpy as np

from phantom.fields import Field, f32, noise_at, ridge, smoothstep
from phantom.identity import Identity
from phantom.layers import Layer
from phantom.lighting import specular
from phantom.patches import Patch
from phantom.scene import PART
from phantom.spectral import skin_table
from phantom.strands import StrandCanvas
from phantom.view import Vector, rotation

_HAIR_BIAS_MM = 2.0


def hair_patch(p: Identity, layer: Layer, strands: StrandCanvas, rows: slice, cols: slice) -> Patch:
    """Scalp hair: a shell that thins out towards the hairline, under strands."""
    light, place = layer.enlarge(layer.light, rows, cols), layer.enlarge(layer.place, rows, cols)
    extra = layer.enlarge(layer.extra, rows, cols)
    line, shine, solid, openness = (extra[..., i] for i in range(4))
    strand, tone = strands.rows(rows, cols)
    strand = f32(strand * np.maximum(smoothstep(-8, -4, line), np.clip(solid, 0, 1)))
    shell = _shell(p, place, f32(line), f32(solid)) * layer.coverage(light[..., 3])
    level = np.float32(0.62) * (1 - strand) + (np.float32(0.42) + np.float32(1.16) * tone) * strand
    colour = f32(p.hair_colour) * level[..., None] * light[..., :3] * np.float32(1.25)
    glint = (np.float32(0.15) + np.float32(1.5) * tone * tone) * (
        np.float32(0.35) + np.float32(0.65) * strand
    )
    gloss = shine * glint * openness * np.float32(0.45 if p.hair_style == "curly" else 1.0)
    opacity = f32(1 - (1 - shell) * (1 - strand))
    labels, none = np.full(opacity.shape, PART["hair"], np.uint8), np.zeros_like(opacity)
    depth = f32(place[..., 3] - _HAIR_BIAS_MM)
    return Patch(
        rows, cols, f32(colour), f32(gloss), opacity, depth, labels, none, none, labels * 0, none + 1
    )


def _shell(p: Identity, place: Field, line: Field, solid: Field) -> Field:
    """Opacity of the hair below the strands, `line` mm inside the hairline."""
    mottle = noise_at("mottle", place[..., 0] * 3, place[..., 1] * 3)
    if p.hair_style == "buzz":
        return np.float32(0.82) * smoothstep(-3, 11, line + 2 * mottle)
    ragged = line + np.float32(1.2 + 0.12 * p.hair_softness) * mottle
    return f32(np.maximum(np.float32(p.hair_cover) * smoothstep(1.0, 5.0 + p.hair_softness, ragged), solid))


def _bare_skin(
    p: Identity, x: Field, y: Field, melanin_gain: float, blood_gain: float
) -> tuple[Field, Field, Field]:
    mottle = noise_at("mottle", x * 2, y * 2)
    log_melanin = np.float32(np.log(p.melanin * melanin_gain)) + np.float32(0.04) * mottle
    log_blood = np.float32(np.log(p.blood * blood_gain)) + np.float32(0.10) * mottle
    return (
        skin_table().colour(f32(log_melanin), f32(log_blood)),
        f32(np.exp(log_melanin)),
        f32(np.exp(log_blood)),
    )


def ear_patch(p: Identity, layer: Layer, rows: slice, cols: slice) -> Patch:
    """The ears."""
    place, facing = layer.enlarge(layer.place, rows, cols), layer.enlarge(layer.facing, rows, cols)
    light = layer.enlarge(layer.light, rows, cols)
    x, y = np.ascontiguousarray(place[..., 0]), np.ascontiguousarray(place[..., 1])
    albedo, melanin, blood = _bare_skin(p, x, y, 1.0, 1.5)
    normal: Vector = (facing[..., 0], facing[..., 1], facing[..., 2])
    rough = np.full(x.shape, 0.5, np.float32)
    gloss = specular(layer.grid.view, rotation(layer.grid.view.pose), normal, facing[..., 3], rough, rough)
    labels = np.full(x.shape, PART["ear"], np.uint8)
    return Patch(
        rows,
        cols,
        f32(albedo * light[..., :3]),
        gloss,
        layer.coverage(light[..., 3]),
        f32(place[..., 3]),
        labels,
        melanin,
        blood,
        labels * 0,
    )


def body_patch(p: Identity, layer: Layer, rows: slice, cols: slice) -> Patch:
    """Neck and garment."""
    place, facing = layer.enlarge(layer.place, rows, cols), layer.enlarge(layer.facing, rows, cols)
    light, extra = layer.enlarge(layer.light, rows, cols), layer.enlarge(layer.extra, rows, cols)
    x, y = np.ascontiguousarray(place[..., 0]), np.ascontiguousarray(place[..., 1])
    below, scale = extra[..., 0], layer.grid.view.px_per_mm
    albedo, melanin, blood = _bare_skin(p, x, y, 1.04, 1.0)
    albedo = albedo * (1 - np.float32(0.30) * smoothstep(-7, 0, below))[..., None]
    cloth = np.clip(below * np.float32(scale) + np.float32(0.5), 0, 1)
    cover = cloth[..., None]
    albedo = albedo * (1 - cover) + _garment(p, x, y, below, extra[..., 1]) * cover
    normal: Vector = (facing[..., 0], facing[..., 1], facing[..., 2])
    rough = np.full(x.shape, 0.52, np.float32)
    gloss = specular(
        layer.grid.view,
        rotation(layer.grid.view.pose, 0.4),
        normal,
        facing[..., 3],
        rough,
        f32(0.5 * (1 - cloth)),
    )
    wears = cloth > 0.5
    labels = np.where(wears, PART["clothing"], PART["neck"]).astype(np.uint8)
    return Patch(
        rows, cols, f32(albedo * light[..., :3]), gloss, layer.coverage(light[..., 3]), f32(place[..., 3]), labels,
        f32(np.where(wears, 0, melanin)), f32(np.where(wears, 0, blood)), labels * 0,
    )  # fmt: skip


def _garment(p: Identity, x: Field, y: Field, below: Field, fold: Field) -> Field:
    weave = noise_at("grain", x * 4, y * 4) * np.float32(0.05) + fold * np.float32(0.07)
    shade = 1 + weave
    if p.garment == "shirt":
        ax = np.abs(x)
        wing = ridge(y + 196 - np.float32(1.05) * ax, 1.3) * (ax < 42) * (ax > 4) + ridge(ax, 0.9) * (
            y < -176
        )
        placket = ridge(ax - 11, 0.8) * (y < -190)
        shade = shade * (1 - np.float32(0.30) * np.clip(wing, 0, 1)) * (1 - np.float32(0.14) * placket)
    else:
        hem = ridge(below - np.float32(9), 0.7)
        shade = shade * (1 - np.float32(0.22) * hem) * (1 + np.float32(0.06) * (below < 9))
    return f32(f32(p.garment_colour) * np.clip(shade, 0.3, 1.5)[..., None])
