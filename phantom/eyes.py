"""Eyes, lashes and brows, painted once per person and view on patches of the face plane."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, Grid, blur, bump, f32, noise_at, ridge, smoothstep
from phantom.identity import Identity, Pose
from phantom.relief import lid_curves

IRIS_RADIUS_MM, PUPIL_RADIUS_MM = 6.1, 2.1
_EDGE_MM = 0.22
_MAX_GAZE_DEG = 28.0
_SCLERA = (0.50, 0.46, 0.44)
_CARUNCLE = (0.42, 0.20, 0.17)
_FINER = 2
"""pixels of a hair's canvas to one of the grid, each way"""


@dataclass(frozen=True)
class EyePatch:
    """Both eyes on one grid of face coordinates."""

    grid: Grid
    colour: Field
    """(H, W, 4): diffuse colour under unit irradiance, and opacity"""
    surround: Field
    """(H, W, 2): specular radiance of the wet eye, and darkening of the skin by lashes and lid edge (1 = black)"""


def eye_patch(p: Identity, pose: Pose, px_per_mm: float) -> EyePatch:
    """Paint the eyes as they look into the camera from `pose`."""
    reach = p.eye_spacing + p.eye_half_width + 8
    grid = Grid(-reach, reach, -16.0, 18.0, float(np.clip(2 * px_per_mm, 4, 12)))
    x, y = grid.coordinates()
    u = f32((np.abs(x) - np.float32(p.eye_spacing)) * np.float32(1 / p.eye_half_width))
    upper, lower = lid_curves(p, u)
    opacity = _edge(upper - y) * _edge(y - lower) * _edge((1 - np.abs(u)) * np.float32(p.eye_half_width))
    colour, gleam = _globe(p, pose, x, y, u, upper, lower)
    lashes = _lashes(p, grid)
    line = ridge(y - upper - np.float32(0.25), 0.65 + 0.3 * p.make_up) * _edge(
        (np.float32(1.04) - np.abs(u)) * np.float32(p.eye_half_width)
    )
    lower_line = ridge(y - lower + np.float32(0.4), 0.6) * _edge(
        (np.float32(0.98) - np.abs(u)) * np.float32(p.eye_half_width)
    )
    fold = upper + np.float32(3.0 - 1.3 * p.lid_hood) - np.float32(0.8) * u * u
    crease = np.float32(0.30) * ridge(y - fold, 0.7) * smoothstep(1.1, 0.7, np.abs(u))
    edge = line * np.float32(0.55 + 0.3 * p.make_up)
    lower_edge = lower_line * np.float32(0.22 + 0.2 * p.make_up)
    dark = np.maximum(np.maximum(crease, edge), lower_edge)
    dark = 1 - (1 - dark) * (1 - lashes * np.float32(0.85))
    return EyePatch(grid, f32(np.dstack([colour, opacity])), f32(np.dstack([gleam * opacity, dark])))


def _edge(distance: Field) -> Field:
    return f32(np.clip(distance * np.float32(0.5 / _EDGE_MM) + np.float32(0.5), 0, 1))


def _globe(
    p: Identity, pose: Pose, x: Field, y: Field, u: Field, upper: Field, lower: Field
) -> tuple[Field, Field]:
    side = f32(np.where(x < 0, -1, 1))
    local = f32(x - side * np.float32(p.eye_spacing))
    yaw, pitch = np.radians(np.clip([pose.yaw, pose.pitch], -_MAX_GAZE_DEG, _MAX_GAZE_DEG))
    gx = 12 * (p.gaze[0] - 0.8 * np.sin(yaw))
    gy = 12 * (p.gaze[1] - 0.8 * np.sin(pitch)) + 0.35
    dx, dy = f32(local - np.float32(gx)), f32(y - np.float32(gy))
    r = f32(np.sqrt(dx * dx + dy * dy))
    iris = _edge(f32(np.float32(IRIS_RADIUS_MM) - r))[..., None]
    white = np.float32(0.86 if p.ita_class in ("brown", "dark") else 1.0)
    colour = white * _sclera(local, y, u) * (1 - iris) + _iris(p, dx, dy, r, side) * iris
    shade = np.float32(0.42) + np.float32(0.58) * smoothstep(-0.6, 4.6, upper - y)
    shade = (
        shade
        * (np.float32(0.72) + np.float32(0.28) * smoothstep(1.1, 0.45, np.abs(u)))
        * (np.float32(0.85) + np.float32(0.15) * smoothstep(0, 2, y - lower))
    )
    tear = ridge(y - lower - np.float32(0.35), 0.28) * smoothstep(1.0, 0.8, np.abs(u))
    gleam = _catch_light(f32(dx + 2.3), f32(dy - 2.2), 1.0) * np.float32(0.95) + _catch_light(
        dx - 2.5, dy - 1.9, 0.75
    ) * np.float32(0.35)
    gleam = gleam * smoothstep(0.1, 1.2, upper - y) + np.float32(0.10) * tear
    return f32(colour * shade[..., None]), f32(gleam)


def _catch_light(dx: Field, dy: Field, size: float) -> Field:
    q = (np.abs(dx) / np.float32(0.85 * size)) ** 3 + (np.abs(dy) / np.float32(1.15 * size)) ** 3
    return smoothstep(1.35, 0.65, f32(q))


def _sclera(local: Field, y: Field, u: Field) -> Field:
    vein = smoothstep(0.9, 1.8, noise_at("mottle", local * 9 + 40, y * 9 + 90)) * np.abs(u)
    tint = f32(_SCLERA) * (1 - np.float32(0.22) * np.clip(np.abs(u), 0, 1)[..., None] ** 3)
    tint = tint * (1 - vein[..., None] * f32([0.0, 0.10, 0.10]))
    corner = smoothstep(-0.80, -0.97, u)[..., None]
    return f32(tint * (1 - corner) + f32(_CARUNCLE) * corner)


def _iris(p: Identity, dx: Field, dy: Field, r: Field, side: Field) -> Field:
    fibres = noise_at("mottle", np.arctan2(dy, dx) * 38 + np.float32(p.seed % 977) + side * 50, r * 2)
    ring = bump(r, np.zeros_like(r), 3.0, 0, 0.9, 1)
    light = (
        np.float32(0.75)
        + np.float32(0.22) * fibres
        + np.float32(0.3) * ring
        + np.float32(0.35) * bump(dx, dy, 0, -2.4, 4, 2.6)
    )
    light = light * (1 - np.float32(0.72) * smoothstep(IRIS_RADIUS_MM - 1.5, IRIS_RADIUS_MM, r))
    pupil = smoothstep(PUPIL_RADIUS_MM + 0.2, PUPIL_RADIUS_MM - 0.2, r)
    return f32(f32(p.iris) * np.clip(light, 0.08, 2)[..., None] * (1 - np.float32(0.96) * pupil)[..., None])


def _strokes(grid: Grid, paths: NDArray[np.float64], levels: NDArray[np.int64]) -> Field:
    """Opacity of thin hairs, (N, K, 2) mm paths, drawn finer than the grid and averaged down."""
    rows, cols = grid.shape
    canvas = np.zeros((rows * _FINER, cols * _FINER), np.uint8)
    fine = grid.px_per_mm * _FINER
    pixel = np.stack([(paths[..., 0] - grid.x0) * fine, (grid.y1 - paths[..., 1]) * fine], -1)
    fixed = np.round(pixel * 16).astype(np.int32)
    thick = max(1, round(0.10 * fine))
    for path, level in zip(fixed, levels, strict=True):
        cv2.polylines(canvas, [path], False, int(level), thick, cv2.LINE_AA, 4)
    return f32(cv2.resize(canvas, (cols, rows), interpolation=cv2.INTER_AREA)) * np.float32(1 / 255)


def _lashes(p: Identity, grid: Grid) -> Field:
    rng = np.random.default_rng([p.seed, 61])
    n = int(70 + 60 * p.make_up)
    q = np.linspace(0, 1, 5)
    paths = []
    for side in (-1, 1):
        u = rng.uniform(-0.88, 1.0, n)
        root = lid_curves(p, f32(u))[0].astype(float)
        length = rng.uniform(1.8, 3.6, n) * (0.75 + 0.6 * p.make_up) * (0.8 if p.male else 1.0)
        lean = u * 0.75 + rng.normal(0, 0.12, n) + 0.12
        x = p.eye_spacing + u[:, None] * p.eye_half_width + length[:, None] * q * lean[:, None] * 0.8
        y = root[:, None] + length[:, None] * (0.10 * q + 0.5 * q * q) + 0.1
        paths.append(np.stack([side * x, y], -1))
    levels = rng.integers(90, 150 + int(90 * p.make_up), 2 * n)
    return blur(_strokes(grid, np.concatenate(paths), levels), 0.1 * grid.px_per_mm)


@dataclass(frozen=True)
class BrowPatch:
    """Opacity of the eyebrows in face coordinates."""

    grid: Grid
    opacity: Field


def brow_patch(p: Identity, px_per_mm: float) -> BrowPatch:
    """Paint both brows hair by hair."""
    grid = Grid(-68.0, 68.0, 4.0, 42.0, float(np.clip(1.5 * px_per_mm, 4, 10)))
    rng = np.random.default_rng([p.seed, 62])
    n = int(680 * p.brow_density)
    paths = [_brow_hairs(p, rng, side, n) for side in (-1, 1)]
    hairs = _strokes(grid, np.concatenate(paths), rng.integers(120, 255, 2 * n))
    soft = blur(hairs, 1.1 * grid.px_per_mm)
    opacity = np.clip(hairs * np.float32(0.85) + soft * np.float32(0.55), 0, 1)
    return BrowPatch(grid, blur(f32(opacity), 0.10 * grid.px_per_mm))


def _brow_hairs(p: Identity, rng: np.random.Generator, side: int, n: int) -> NDArray[np.float64]:
    t = rng.beta(1.5, 1.3, n)
    v = np.clip(rng.normal(0, 0.45, n), -1, 1)
    x = 13.0 + 40.0 * t
    rise = (3.6 + p.brow_arch) * np.sin(np.clip(t / 0.66, 0, 1) * np.pi / 2) ** 1.2
    fall = np.clip(t - 0.62, 0, 1) * (11 + 4 * p.brow_arch)
    y = 15.8 + p.brow_height + rise - fall
    half = (
        4.0
        * p.brow_thickness
        * (0.66 + 0.6 * np.sin(np.clip(t * 2.2, 0, 1) * np.pi / 2))
        * (1 - 0.82 * t**1.3)
    )
    angle = (
        np.where(t < 0.3, 1.0 - 1.7 * t, 0.49 - 0.95 * (t - 0.3))
        - 0.35 * v * np.clip(t * 3, 0, 1)
        + rng.normal(0, 0.12, n)
    )
    length = rng.uniform(3.2, 6.2, n) * (1 - 0.35 * t)
    q = np.array([0.0, 0.35, 0.7, 1.0])
    hx = x[:, None] + length[:, None] * q * np.cos(angle)[:, None]
    hy = (y + v * half)[:, None] + length[:, None] * (q * np.sin(angle)[:, None] - 0.16 * q * q)
    return np.stack([side * hx, hy], -1)
