"""Face tables at picture-like resolution: pigment, blood, cavities, oil, lesions and fine relief over the face plane."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from phantom.blemishes import MELASMA_DOSE, melasma_level, vessel_levels
from phantom.fields import Field, Grid, blur, bump, f32, ridge, smoothstep
from phantom.identity import Identity
from phantom.lesions import (
    Lesion,
    LesionTables,
    Pores,
    lesion_tables,
    pore_tables,
    porphyrin_table,
    wrinkle_depth,
)
from phantom.relief import Asymmetry, FaceFrame, lip_curves
from phantom.surface import FACE

PORE_GRID = Grid(-62.0, 62.0, -107.0, 67.0, 8.0)
PORE_RESOLUTION_PX_PER_MM = 2.0
_RELIEF_FROM_PX_PER_MM = 2.4


@dataclass(frozen=True)
class Atlas:
    """Tables over the face plane; sampled at head-space x, y."""

    grid: Grid
    pigment: Field
    """(H, W, 4): natural-log gain of melanin and of blood, cavity (1 = black), oil"""
    truth: Field
    """(H, W, 4): level of spots, freckles and papules, wrinkle depth in mm"""
    acne: Field
    """(H, W, 4): level of pustules, light lost in open comedones, level of closed ones and of telangiectasias"""
    sun: Field
    """(H, W, 2): level of melasma and of sun spots"""
    beard: Field
    slope: Field | None
    """(H, W, 2): d height / dx, dy of lesions and wrinkles; None where the picture is too coarse"""
    pores: Field | None
    """(H, W, 4) on `PORE_GRID`: slope x, slope y, level, porphyrin; None where a pore is under half a pixel"""


def build_atlas(p: Identity, warp: Asymmetry, lesions: list[Lesion], pores: Pores, px_per_mm: float) -> Atlas:
    """Paint every table for a picture of `px_per_mm`."""
    grid = Grid(FACE.x0, FACE.x1, FACE.y0, FACE.y1, float(np.clip(px_per_mm, 2.0, 6.0)))
    x, y = grid.coordinates()
    frame = warp.frame(p, x, y)
    spots = lesion_tables(grid, lesions)
    wrinkles = wrinkle_depth(p, grid, warp)[0]
    log_melanin, log_blood = _chromophores(p, grid, frame, spots)
    vessels = vessel_levels(p.seed, [(one.x, one.y) for one in lesions if one.kind == "telangiectasia"], grid)
    melasma = melasma_level(p.seed, p.melasma, grid, frame)
    log_melanin, log_blood = log_melanin + np.float32(MELASMA_DOSE) * melasma, log_blood + vessels
    acne = np.dstack([spots.pustule, spots.open_comedo, spots.closed_comedo, vessels])
    pigment = np.dstack([log_melanin, log_blood, _cavity(p, frame), _oil(p, frame)])
    truth = np.dstack([spots.spot, spots.freckle, spots.papule, wrinkles])
    slope = _slope(spots.height - wrinkles, grid) if px_per_mm >= _RELIEF_FROM_PX_PER_MM else None
    fine = _pores(pores) if px_per_mm >= PORE_RESOLUTION_PX_PER_MM else None
    sun = f32(np.dstack([melasma, spots.sun_spot]))
    return Atlas(grid, f32(pigment), f32(truth), f32(acne), sun, _beard(p, grid, frame), slope, fine)


def _slope(height: Field, grid: Grid) -> Field:
    smooth = blur(f32(height), 0.12 * grid.px_per_mm)
    dx = cv2.Sobel(smooth, cv2.CV_32F, 1, 0, ksize=3) * (grid.px_per_mm / 8)
    dy = cv2.Sobel(smooth, cv2.CV_32F, 0, 1, ksize=3) * (-grid.px_per_mm / 8)
    return f32(np.dstack([dx, dy]))


def _pores(pores: Pores) -> Field:
    depth, level = pore_tables(PORE_GRID, pores)
    return f32(np.dstack([_slope(-depth, PORE_GRID), level, porphyrin_table(PORE_GRID, pores)]))


def _chromophores(p: Identity, grid: Grid, f: FaceFrame, spots: LesionTables) -> tuple[Field, Field]:
    """Natural-log gains of melanin and blood: mottling, the tones of the parts of the face, and its spots."""
    rng = np.random.default_rng([p.seed, 71])
    melanin, blood = _mottling(p, grid, rng)
    flush = np.float32(0.3 + 0.6 * float(rng.uniform()) + 0.35 * p.make_up)
    under = bump(f.ax, f.y, p.eye_spacing - 3, -11, 12, 5.5)
    lid = bump(f.ax, f.y, p.eye_spacing, 8, 15, 6)
    log_melanin = melanin + np.log(_tan(p, f, under, lid)) + spots.log_melanin
    return f32(log_melanin), f32(blood + np.log(_redness(p, f, flush, under, lid)) + spots.log_blood)


def _mottling(p: Identity, grid: Grid, rng: np.random.Generator) -> tuple[Field, Field]:
    even = np.float32(1 / (1 + 1.2 * max(0.0, (30 - p.ita) / 30)))
    melanin = even * (np.float32(0.035) * grid.noise(rng, 7.0) + np.float32(0.04) * grid.noise(rng, 2.4))
    blood = np.float32(0.06) * grid.noise(rng, 9.0) + np.float32(0.07) * grid.noise(rng, 2.8)
    return f32(melanin), f32(blood)


def _redness(p: Identity, f: FaceFrame, flush: np.float32, under: Field, lid: Field) -> Field:
    """Gain of blood: flushed cheeks and nose, chin and wings of the nose, a pale forehead, red eyes."""
    flushed = (
        1
        + np.float32(0.75) * flush * bump(f.ax, f.y, 40, -30, 18, 16)
        + np.float32(0.6) * flush * bump(f.ax, f.y, 0, -38, 13, 10)
    )
    edged = (
        flushed
        + np.float32(0.22) * bump(f.x, f.y, 0, -100, 17, 10)
        + np.float32(0.3) * bump(f.ax, f.y, 11.6 * p.nose_width, -42, 6, 8)
    )
    return f32(
        edged
        - np.float32(0.15) * bump(f.ax, f.y, 0, 50, 50, 20)
        + np.float32(0.30) * under
        + np.float32(0.22) * lid
    )


def _tan(p: Identity, f: FaceFrame, under: Field, lid: Field) -> Field:
    """Gain of melanin: around the eyes, the forehead, a man's shaven lip and chin, pale cheeks, painted lids."""
    tan = (
        1
        + np.float32(0.10 + 0.22 * p.age) * under
        + np.float32(0.08) * lid
        + np.float32(0.10) * smoothstep(45, 90, f.y)
    )
    tan = (
        tan
        + np.float32(0.10 * p.male) * bump(f.x, f.y, 0, -72, 40, 22)
        - np.float32(0.07) * bump(f.ax, f.y, 42, -25, 17, 15)
    )
    if p.make_up > 0.2:
        tan = tan + np.float32(0.4 * p.make_up) * bump(f.ax, f.y, p.eye_spacing + 1, 8, 14, 4.5)
    return f32(tan)


def _cavity(p: Identity, f: FaceFrame) -> Field:
    yn = f.y * np.float32(1 / p.nose_length)
    across = (f.ax - np.float32(6.4 * p.nose_width) + np.float32(0.5) * (yn + 47)) / np.float32(
        3.1 * p.nose_width
    )
    nostril = np.exp(-((across**2 + ((yn + np.float32(47.2)) / np.float32(1.5)) ** 2) ** np.float32(1.4)))
    dark = np.float32(0.80) * nostril
    if p.glasses:
        offset = np.abs(rim_distance(p, f.ax, f.y + 4)) - np.float32(p.frame_thickness)
        dark = np.maximum(dark, np.float32(0.20) * np.exp(-((np.maximum(offset, 0) / np.float32(2.4)) ** 2)))
    return f32(dark)


def rim_distance(p: Identity, ax: Field, y: Field) -> Field:
    """Signed mm from the spectacle rim, negative inside the lens."""
    n = p.frame_exponent
    u = np.abs((ax - np.float32(33)) / np.float32(p.frame_half_width)) ** np.float32(n)
    v = np.abs((y + np.float32(3.5)) / np.float32(p.frame_half_height)) ** np.float32(n)
    return f32(((u + v) ** np.float32(1 / n) - 1) * np.float32(min(p.frame_half_width, p.frame_half_height)))


def _oil(p: Identity, f: FaceFrame) -> Field:
    zone = (
        bump(f.ax, f.y, 0, 45, 40, 20)
        + bump(f.ax, f.y, 0, -28, 12, 20)
        + np.float32(0.55) * bump(f.ax, f.y, 42, -15, 16, 12)
    )
    zone = zone + np.float32(0.45) * bump(f.x, f.y, 0, -100, 14, 10)
    return f32(np.float32(0.55) + np.float32(p.oil) * np.float32(0.6) * np.clip(zone, 0, 1))


def _beard(p: Identity, grid: Grid, f: FaceFrame) -> Field:
    if p.beard == "none":
        return np.zeros(grid.shape, np.float32)
    rng = np.random.default_rng([p.seed, 72])
    cheek = f32(np.interp(f.ax, [0, 20, 35, 50, 60, 68, 75], [-52, -52, -60, -50, -30, 0, 10])) + np.float32(
        rng.uniform(-4, 4)
    )
    edge = 10.0 if p.beard == "stubble" else 6.5
    mask = smoothstep(edge, -edge, f.y - cheek + np.float32(1.3) * grid.noise(rng, 6.0))
    moustache = smoothstep(-50, -53.5, f.y) * smoothstep(-76, -68, f.y) * smoothstep(34, 26, f.ax)
    if p.beard == "goatee":
        mask = np.maximum(mask * smoothstep(31, 23, f.ax), moustache)
    if p.beard == "moustache":
        mask = moustache * (f.plain_y > lip_curves(p, f.ax).inner_upper - 2)
    c = lip_curves(p, f.ax)
    lips = (
        (f.plain_y < c.outer_upper + 0.4) & (f.plain_y > c.outer_lower - 0.6) & (f.ax < c.half_width * 1.02)
    )
    bare = np.clip(blur(f32(lips), 0.9 * grid.px_per_mm) * np.float32(1.4), 0, 1)
    sides = np.float32(0.6) * bump(f.ax, f.y, 15, -82, 8, 5) * np.float32(p.beard != "full")
    return f32(
        mask * (1 - bare) * (1 - sides) * smoothstep(-128, -118, f.y + np.float32(6) * ridge(f.ax, 30))
    )
