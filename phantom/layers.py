"""Surfaces of one person cast onto the base grid, with the light that reaches them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from phantom.casting import GRAZE_MM, BaseGrid, Hit, cast
from phantom.fields import Field, blur, f32, noise_at, smoothstep
from phantom.hair import Hair
from phantom.lighting import irradiance
from phantom.strands import tangent
from phantom.surface import FACE, Surface, ear_relief
from phantom.view import Matrix, Vector, rotation

_SCATTER_MM = (1.7, 0.85, 0.5)
_SKIN_WRAP = (0.36, 0.22, 0.16)
_SHADOW_REACH = ((6.0, 0.40), (14.0, 0.22), (31.0, 0.12))


@dataclass(frozen=True)
class Layer:
    """One surface on its window of the base grid, packed for enlargement."""

    grid: BaseGrid
    hit: Hit
    place: Field
    """(h, w, 4): x, y, z in the layer's space, distance from the camera"""
    facing: Field
    """(h, w, 4): unit normal, visibility of the lamps"""
    light: Field
    """(h, w, 4): irradiance red, green, blue; miss distance in mm"""
    extra: Field
    """(h, w, 4): what the layer's own appearance needs"""

    def extent(self) -> tuple[int, int, int, int]:
        """First and past-last picture rows and columns that the layer can touch."""
        step, view = self.grid.step, self.grid.view
        r, c = self.hit.window
        return (
            max(0, int((r.start - 0.5) * step)), min(view.height, int((r.stop - 0.5) * step) + 1),
            max(0, int((c.start - 0.5) * step)), min(view.width, int((c.stop - 0.5) * step) + 1),
        )  # fmt: skip

    def enlarge(self, table: Field, rows: slice, cols: slice) -> Field:
        """One of the packed tables at picture pixels."""
        return self.grid.enlarge(table, self.hit.window, rows, cols)

    def coverage(self, miss: Field) -> Field:
        """Opacity of the silhouette from the miss distance."""
        return f32(np.clip(1.2 - (miss - np.float32(GRAZE_MM)) * np.float32(self.grid.view.px_per_mm), 0, 1))


def _pack(*channels: Field) -> Field:
    return f32(np.dstack(channels))


def _layer(grid: BaseGrid, hit: Hit, visible: Field, light: Field, extra: Field | None = None) -> Layer:
    nothing = np.zeros((*hit.depth.shape, 4), np.float32)
    place = _pack(*hit.point, hit.depth)
    return Layer(
        grid,
        hit,
        place,
        _pack(*hit.normal, visible),
        _pack(light, hit.miss),
        nothing if extra is None else extra,
    )


def scattered(light: Field, hit: Hit, px_per_mm: float) -> Field:
    """Irradiance after lateral transport in skin: red travels farthest. Blurred within the surface only."""
    inside = f32(hit.miss < 1.0)
    out = light.copy()
    for channel, sigma in enumerate(_SCATTER_MM):
        weight = blur(inside, sigma * px_per_mm) + np.float32(1e-3)
        out[..., channel] = blur(f32(light[..., channel] * inside), sigma * px_per_mm) / weight
    return f32(np.where(inside[..., None] > 0, out, light))


def cavity_openness(relief: Field) -> Field:
    """Ambient openness (0..1] over `FACE` from how far the relief lies below its surroundings."""
    depth = np.zeros_like(relief)
    for sigma_mm, weight in ((2.2, 0.22), (6.0, 0.09), (14.0, 0.035)):
        depth += np.maximum(blur(relief, sigma_mm * FACE.px_per_mm) - relief, 0) * np.float32(weight)
    return f32(np.exp(-depth))


def _shadow(hair: Hair, hit: Hit, to_lamp: Field, ground: float) -> Field:
    point, normal = hit.gather(hit.point), hit.gather(hit.normal)
    seen = np.ones_like(point[0])
    for reach, slope in _SHADOW_REACH:
        probe = [f32(point[i] + normal[i] * np.float32(2) + to_lamp[i] * np.float32(reach)) for i in range(3)]
        clear = hair.distance(probe[0], probe[1], probe[2])
        seen = np.minimum(seen, np.clip(np.float32(ground) + (clear + 1) * np.float32(slope * 1.3), 0, 1))
    return hit.scatter(f32(seen))


def skin_layer(grid: BaseGrid, surface: Surface, hair: Hair) -> Layer | None:
    """The bald head; its shadows include the hair."""
    view, turn = grid.view, rotation(grid.view.pose)
    hit = cast(grid, turn, surface.head)
    if hit is None:
        return None
    x, y, z = hit.point
    front = smoothstep(-78, -38, z)
    open_sky = 1 - (1 - FACE.sample(cavity_openness(surface.relief), x, y)) * front
    lamps = [view.direction(turn, lamp.direction) for lamp in view.rig.lamps]
    visible = [
        f32(_shadow(hair, hit, d, 0.55) * (np.float32(0.4) + np.float32(0.6) * open_sky)) for d in lamps
    ]
    light = irradiance(view, turn, hit.normal, f32(open_sky), visible, _SKIN_WRAP)
    light = scattered(light, hit, view.px_per_mm / grid.step)
    return _layer(grid, hit, f32((visible[0] * 2 + visible[1] + visible[2]) / 4), light)


def hair_layer(grid: BaseGrid, hair: Hair, skin: Layer | None) -> Layer | None:
    """The hair's shell, solid where it is thick or no `skin` lies behind it.

    `extra` holds mm inside the hairline, strand highlight, solidity (0..1), openness.
    """
    if hair.person.hair_style == "bald":
        return None
    view, turn = grid.view, rotation(grid.view.pose)
    hit = cast(grid, turn, hair.distance, region=hair.region)
    if hit is None:
        return None
    line = hair.line(*hit.point)
    away = hair.surface.head(*hit.point)
    curtain = hair.on_curtain(*hit.point)
    met = hit.miss < GRAZE_MM
    bare = (1 - _covered(grid, skin, hit)) * np.maximum(smoothstep(-2.5, 0.5, line), curtain) * met
    bare = f32(cv2.dilate(f32(bare), np.ones((3, 3), np.uint8)))
    solid = f32(np.maximum(np.maximum(curtain * smoothstep(0.5, 3, away), _solid(hair, away)), bare))
    openness = (
        np.clip(np.float32(0.42) + away / 16, 0.3, 1)
        if hair.curtain is not None
        else np.float32(0.5) + np.float32(0.5) * smoothstep(-2, 9, line)
    )
    openness = f32(np.maximum(openness, 0.3) * np.ones_like(line))
    key = view.direction(turn, view.rig.lamps[0].direction)
    visible = [f32(_shadow(hair, hit, key, 0.75) * openness), openness, openness]
    light = irradiance(view, turn, hit.normal, openness, visible, (0.35, 0.35, 0.35))
    shine = _strand_highlight(grid, turn, hair, hit) * visible[0]
    return _layer(grid, hit, visible[0], light, _pack(line, shine, solid, openness))


def _solid(hair: Hair, away: Field) -> Field:
    """How far hair of this height over the scalp hides it."""
    p = hair.person
    return f32(np.float32(p.hair_cover) * smoothstep(2.0, 5.5 + 0.15 * p.hair_softness, away))


def _covered(grid: BaseGrid, skin: Layer | None, hit: Hit) -> Field:
    """1 where a ray of `hit`'s window meets the skin."""
    full = np.zeros(grid.shape, np.float32)
    if skin is not None:
        full[skin.hit.window] = np.clip((np.float32(GRAZE_MM + 0.45) - skin.hit.miss) * 3, 0, 1)
    return full[hit.window]


def _strand_highlight(grid: BaseGrid, turn: Matrix, hair: Hair, hit: Hit) -> Field:
    t = tangent(hair, hit.point, hit.normal)
    to_camera = f32(turn.T @ np.array([0.0, 0.0, 1.0]))
    out = np.zeros_like(hit.depth)
    for lamp in grid.view.rig.lamps:
        half = grid.view.direction(turn, lamp.direction) + to_camera
        half = half / np.float32(np.linalg.norm(half))
        along = t[0] * half[0] + t[1] * half[1] + t[2] * half[2] - np.float32(0.08)
        sine = np.clip(1 - along * along, 0, 1)
        lit = np.clip(sum(hit.normal[i] * half[i] for i in range(3)), 0, 1)
        out += np.float32(lamp.strength) * lit * (np.float32(0.055) * sine**24 + np.float32(0.025) * sine**5)
    return f32(out)


def ear_layer(grid: BaseGrid, surface: Surface) -> Layer | None:
    """Both ears."""
    view, turn = grid.view, rotation(grid.view.pose)
    hit = cast(grid, turn, surface.ear, steps=10)
    if hit is None:
        return None
    u, v, w = surface.ear_coordinates(*hit.point)
    r = np.sqrt(u * u + v * v + np.float32(1e-6))
    hollow = np.float32(0.95) + np.float32(0.11) * ear_relief(u, v, f32(r)) * smoothstep(-1, 3, w)
    away = surface.head(*hit.point)
    openness = f32(np.clip(hollow, 0.3, 1) * np.clip(np.float32(0.55) + away / 12, 0.45, 1))
    light = irradiance(view, turn, hit.normal, openness, [openness] * len(view.rig.lamps), (0.5, 0.22, 0.14))
    light = scattered(light, hit, view.px_per_mm / grid.step)
    return _layer(grid, hit, openness, light)


def body_layer(grid: BaseGrid, surface: Surface, hair: Hair) -> Layer | None:
    """Neck, shoulders, garment; `extra` holds mm below the collar and folds."""
    view, turn = grid.view, rotation(grid.view.pose, 0.4)
    hit = cast(grid, turn, surface.body, steps=10)
    if hit is None:
        return None
    head = rotation(view.pose).T @ turn
    pivot = np.array([0.0, -70.0, -90.0])
    moved = [f32(sum(head[i, j] * (hit.point[j] - pivot[j]) for j in range(3)) + pivot[i]) for i in range(3)]
    normal = [f32(sum(head[i, j] * hit.normal[j] for j in range(3))) for i in range(3)]
    in_head: Vector = (moved[0], moved[1], moved[2])
    openness = f32(np.clip(np.float32(0.45) + surface.head(*in_head) / 50, 0.38, 1))
    facing: Vector = (normal[0], normal[1], normal[2])
    lamps = [view.direction(rotation(view.pose), lamp.direction) for lamp in view.rig.lamps]
    visible = [f32(_far_shadow(surface, hit, in_head, facing, d) * openness) for d in lamps]
    light = irradiance(view, turn, hit.normal, openness, visible, (0.34, 0.22, 0.16))
    light = scattered(light, hit, view.px_per_mm / grid.step)
    below = surface.collar(hit.point[0], hit.point[2]) - hit.point[1]
    o = np.float32(hair.offset)
    fold = noise_at("smooth", hit.point[0] * np.float32(0.9) + o, hit.point[1] * np.float32(0.7) + o)
    return _layer(grid, hit, openness, light, _pack(below, fold, below * 0, below * 0))


def _far_shadow(surface: Surface, hit: Hit, point: Vector, normal: Vector, to_lamp: Field) -> Field:
    point, normal = hit.gather(point), hit.gather(normal)
    seen = np.ones_like(point[0])
    for reach in (14.0, 30.0, 52.0, 78.0):
        probe = [f32(point[i] + normal[i] * np.float32(2) + to_lamp[i] * np.float32(reach)) for i in range(3)]
        clear = surface.head(probe[0], probe[1], probe[2])
        seen = np.minimum(seen, np.clip(np.float32(0.6) + clear * np.float32(0.045), 0, 1))
    return hit.scatter(f32(seen))
