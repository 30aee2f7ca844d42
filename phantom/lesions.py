"""What dermatology looks for, with exact truth: pigment spots, papules, pores and wrinkles as lists and as face tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.blemishes import SUN_DOSE_SEEN, porphyrin_levels
from phantom.fields import Field, Grid, bump, f32, smoothstep
from phantom.identity import Identity
from phantom.relief import Asymmetry, FaceFrame, eye_coordinate, lip_curves

LesionKind = Literal[
    "lentigo", "mole", "freckle", "papule", "pustule", "open_comedo", "closed_comedo", "telangiectasia", "sun_spot"
]  # fmt: skip
PORE_DIAMETER_MM = 0.26
WRINKLE_HALF_WIDTH_MM = 0.55
_DOSE = {
    "lentigo": (0.7, 1.3), "mole": (1.2, 2.0), "freckle": (0.35, 0.75), "papule": (0.7, 1.5), "pustule": (0.8, 1.5),
    "open_comedo": (0.3, 0.7), "closed_comedo": (0.15, 0.35), "telangiectasia": (0.7, 1.3), "sun_spot": (0.4, 1.0),
}  # fmt: skip
"""natural-log gain of melanin or blood; of open comedones the share of light lost, of closed ones the loss of blood"""
_RADIUS = {
    "lentigo": (0.9, 2.6), "mole": (0.8, 1.5), "freckle": (0.4, 1.4), "papule": (0.8, 1.9), "pustule": (1.0, 2.0),
    "open_comedo": (0.3, 0.75), "closed_comedo": (0.4, 0.9), "telangiectasia": (1.0, 3.0), "sun_spot": (0.6, 2.2),
}  # fmt: skip
_FRECKLE_MEDIAN_MM, _FRECKLE_SPREAD = 0.6, 0.35
_INFLAMED = ("papule", "pustule")
_RAGGED = ("lentigo", "freckle", "sun_spot")
_PIGMENTED = ("lentigo", "mole", "freckle", "sun_spot")


@dataclass(frozen=True)
class Lesion:
    """One spot: centre in head-space mm (x, y), radius in mm, dose as natural-log gain of its chromophore."""

    kind: LesionKind
    x: float
    y: float
    radius: float
    dose: float
    shape_seed: int


def sample_lesions(p: Identity, warp: Asymmetry) -> list[Lesion]:
    """Every lesion of the person, clear of eyes, lips and brows; bigger spots come first."""
    rng = np.random.default_rng([p.seed, 41])
    wanted: list[tuple[LesionKind, int]] = [
        ("lentigo", p.age_spots), ("mole", p.moles), ("papule", p.papules), ("freckle", round(260 * p.freckles)),
        ("pustule", p.pustules), ("open_comedo", p.open_comedones), ("closed_comedo", p.closed_comedones),
        ("telangiectasia", p.telangiectasias), ("sun_spot", round(140 * p.sun_damage)),
    ]  # fmt: skip
    pale = 1 / (1 + 0.9 * max(0.0, (30 - p.ita) / 30))
    lesions: list[Lesion] = []
    for kind, count in wanted:
        for x, y in _sites(p, warp, rng, kind, count):
            radius, dose = _radius(rng, kind), rng.uniform(*_DOSE[kind])
            dose *= pale if kind in _PIGMENTED else 1.0
            lesions.append(Lesion(kind, x, y, radius, float(dose), int(rng.integers(1 << 30))))
    return lesions


def _radius(rng: np.random.Generator, kind: LesionKind) -> float:
    """mm; freckles' sizes are log-normal (most below 3 mm across, few above), the others' even."""
    low, high = _RADIUS[kind]
    if kind == "freckle":
        drawn = _FRECKLE_MEDIAN_MM * np.exp(_FRECKLE_SPREAD * rng.standard_normal())
        return float(np.clip(drawn, low, high))
    return float(rng.uniform(low, high))


def _sites(
    p: Identity, warp: Asymmetry, rng: np.random.Generator, kind: LesionKind, count: int
) -> list[tuple[float, float]]:
    n = 4 * count + 16
    if kind in ("freckle", "sun_spot"):
        x, y = rng.normal(0, 34, n), rng.normal(-16, 17, n)
    elif kind in ("open_comedo", "closed_comedo"):
        x, y = rng.normal(0, 17, n), rng.choice([-40.0, 40.0, -98.0], n) + rng.normal(0, 11, n)
    elif kind == "telangiectasia":
        x, y = rng.choice([-1.0, 1.0], n) * rng.normal(22, 9, n), rng.normal(-34, 9, n)
    else:
        x, y = rng.uniform(-58, 58, n), rng.uniform(-100, 62, n)
    keep = allowed(p, warp.frame(p, f32(x)[:, None], f32(y)[:, None]))[:, 0]
    return [(float(a), float(b)) for a, b in zip(x[keep], y[keep], strict=True)][:count]


def allowed(p: Identity, f: FaceFrame) -> NDArray[np.bool_]:
    """Where bare facial skin can carry a lesion: inside the face oval, off eyes, brows, lips and nostrils."""
    oval = (f.ax / 62) ** 2 + ((f.y + 20) / np.where(f.y > -20, 88, 86)) ** 2 < 1
    eye = (np.abs(eye_coordinate(p, f)) < 1.25) & (f.y > -9) & (f.y < 12)
    brow = (f.ax > 8) & (f.ax < 60) & (f.y > 11) & (f.y < 29)
    c = lip_curves(p, f.ax)
    lips = (f.ax < c.half_width + 4) & (f.plain_y < c.outer_upper + 3) & (f.plain_y > c.outer_lower - 3)
    nostril = (f.ax < 18) & (f.y < -41) & (f.y > -53)
    return np.asarray(oval & ~eye & ~brow & ~lips & ~nostril)


@dataclass(frozen=True)
class LesionTables:
    """Per-lesion fields on one face grid. Levels are 1 at the centre, 0.5 on the rim (the truth contour), 0 outside."""

    grid: Grid
    log_melanin: Field
    log_blood: Field
    height: Field
    """relief, mm"""
    spot: Field
    freckle: Field
    papule: Field
    pustule: Field
    open_comedo: Field
    closed_comedo: Field
    sun_spot: Field
    """level times dose"""


def lesion_tables(grid: Grid, lesions: list[Lesion]) -> LesionTables:
    """Paint the lesions onto `grid`."""
    tables = LesionTables(grid, *(np.zeros(grid.shape, np.float32) for _ in range(10)))
    for lesion in lesions:
        if lesion.kind != "telangiectasia":
            _paint(tables, lesion)
    return tables


def _paint(t: LesionTables, lesion: Lesion) -> None:
    window, q = _window(t.grid, lesion)
    if q.size == 0:
        return
    level = f32(1 / (1 + np.exp(np.clip((q - 1) / 0.14, -30, 30))))
    target = t.spot if lesion.kind in ("lentigo", "mole") else getattr(t, lesion.kind)
    shown = np.float32(lesion.dose) * level if lesion.kind in ("sun_spot", "open_comedo") else level
    target[window] = np.maximum(target[window], shown)
    if lesion.kind == "sun_spot":
        t.log_melanin[window] += np.float32(SUN_DOSE_SEEN) * shown
    elif lesion.kind == "open_comedo":
        t.height[window] -= np.float32(0.06) * level
    elif lesion.kind == "closed_comedo":
        t.log_blood[window] -= np.float32(lesion.dose) * level
        t.height[window] += np.float32(0.15 * lesion.radius) * np.exp(-(q * q))
    elif lesion.kind in _INFLAMED:
        t.log_blood[window] += np.float32(lesion.dose) * level
        t.height[window] += np.float32(0.16 * lesion.radius) * np.exp(-((q / np.float32(0.85)) ** 2))
    else:
        t.log_melanin[window] = np.maximum(t.log_melanin[window], np.float32(lesion.dose) * level)
        if lesion.kind == "mole":
            t.height[window] += np.float32(0.18) * level


def _window(grid: Grid, lesion: Lesion) -> tuple[tuple[slice, slice], Field]:
    rng = np.random.default_rng(lesion.shape_seed)
    col = (lesion.x - grid.x0) * grid.px_per_mm - 0.5
    row = (grid.y1 - lesion.y) * grid.px_per_mm - 0.5
    reach = int(lesion.radius * grid.px_per_mm * 2.2) + 3
    rows, cols = grid.shape
    r0, r1 = max(0, int(row) - reach), min(rows, int(row) + reach + 1)
    c0, c1 = max(0, int(col) - reach), min(cols, int(col) + reach + 1)
    if r0 >= r1 or c0 >= c1:
        return (slice(0, 0), slice(0, 0)), np.zeros((0, 0), np.float32)
    dy, dx = np.mgrid[r0:r1, c0:c1].astype(np.float32) - f32([row, col])[:, None, None]
    stretch, turn = rng.uniform(0.85, 1.18), rng.uniform(0, np.pi)
    a = (dx * np.cos(turn) + dy * np.sin(turn)) * stretch
    b = (-dx * np.sin(turn) + dy * np.cos(turn)) / stretch
    angle, ragged = np.arctan2(b, a), 0.13 if lesion.kind in _RAGGED else 0.04
    lobes = sum(ragged * np.cos(k * angle + rng.uniform(0, 6.3)) / np.sqrt(k) for k in (2, 3, 5))
    q = np.hypot(a, b) / (lesion.radius * grid.px_per_mm) / (1 + lobes)
    return (slice(r0, r1), slice(c0, c1)), f32(q)


def wrinkle_depth(p: Identity, grid: Grid, warp: Asymmetry) -> tuple[Field, int]:
    """Depth (mm, up to about 0.5) of the person's wrinkles on `grid`, and how many lines there are."""
    x, y = grid.coordinates()
    f = warp.frame(p, x, y)
    rng = np.random.default_rng([p.seed, 42])
    depth, count = np.zeros(grid.shape, np.float32), 0
    strength = max(0.0, (p.age - 0.2) / 0.8)
    for line in (
        _forehead(f, rng, strength) + _crow_feet(p, f, rng, strength) + _under_eye(p, f, rng, strength)
    ):
        depth, count = np.maximum(depth, line), count + 1
    return f32(depth), count


def _forehead(f: FaceFrame, rng: np.random.Generator, k: float) -> list[Field]:
    lines = []
    for _ in range(int(rng.integers(2, 5)) if k > 0.05 else 0):
        level, wave, phase = rng.uniform(34, 64), rng.uniform(14, 24), rng.uniform(0, 6.3)
        path = (
            np.float32(level)
            + np.float32(1.6) * np.cos(f.x / np.float32(wave) + np.float32(phase))
            - 5 * (f.x / 60) ** 2
        )
        reach = smoothstep(52, 22, np.abs(f.x - np.float32(rng.uniform(-9, 9))))
        lines.append(_groove(f.y - path, rng.uniform(0.18, 0.42) * k, reach))
    for side in (-1, 1):
        if k > 0.2 and rng.random() < k:
            across = f.x - np.float32(side * rng.uniform(4.5, 7)) - np.float32(0.12 * side) * (f.y - 20)
            lines.append(_groove(across, 0.34 * k, smoothstep(9, 14, f.y) * smoothstep(33, 25, f.y)))
    return lines


def _crow_feet(p: Identity, f: FaceFrame, rng: np.random.Generator, k: float) -> list[Field]:
    lines = []
    for side in (-1, 1):
        for _ in range(int(rng.integers(2, 5)) if k > 0.1 else 0):
            slope = np.float32(np.tan(rng.uniform(-0.5, 0.45)))
            out = np.float32(side) * f.x - np.float32(p.eye_spacing + 1.14 * p.eye_half_width)
            across = f.y - 1 - out * slope - np.float32(0.02) * out * out
            lines.append(
                _groove(across, (0.18 + 0.2 * p.smile) * k, smoothstep(0, 4, out) * smoothstep(20, 9, out))
            )
    return lines


def _under_eye(p: Identity, f: FaceFrame, rng: np.random.Generator, k: float) -> list[Field]:
    lines, u = [], eye_coordinate(p, f)
    for side in (-1, 1):
        for i in range(int(rng.integers(1, 3)) if k > 0.1 else 0):
            path = np.float32(-12 - 2.4 * i + rng.uniform(-0.5, 0.5)) - np.float32(1.6) * (1 - u * u)
            reach = smoothstep(1.2, 0.6, np.abs(u)) * (f.x * side > 0)
            lines.append(_groove(f.y - path, 0.2 * k, reach))
    return lines


def _groove(across: Field, depth: float, reach: Field) -> Field:
    t = across / np.float32(WRINKLE_HALF_WIDTH_MM)
    return f32(np.float32(depth) * np.exp(-t * t) * reach)


@dataclass(frozen=True)
class Pores:
    """Every pore: head-space x and y (mm), diameter (mm) and porphyrin (0 none .. 1)."""

    x: Field
    y: Field
    diameter: Field
    porphyrin: Field


def sample_pores(p: Identity, warp: Asymmetry) -> Pores:
    """Pores over nose, medial cheeks, forehead and chin, thinning outwards."""
    rng = np.random.default_rng([p.seed, 43])
    n = round(120 * 170 * 1.3)
    x, y = f32(rng.uniform(-60, 60, (n, 1))), f32(rng.uniform(-105, 65, (n, 1)))
    f = warp.frame(p, x, y)
    dense = bump(f.ax, f.y, 0, -34, 15, 15) + np.float32(0.75) * bump(f.ax, f.y, 26, -30, 14, 16)
    dense = (
        dense
        + np.float32(0.35) * bump(f.ax, f.y, 0, 45, 36, 18)
        + np.float32(0.4) * bump(f.ax, f.y, 0, -98, 18, 9)
        + np.float32(0.05)
    )
    keep = (rng.random((n, 1)) < dense * np.float32(p.pore_density / 1.3)) & allowed(p, f)
    diameter = f32(PORE_DIAMETER_MM * rng.uniform(0.75, 1.35, n))[keep[:, 0]]
    return Pores(x[keep], y[keep], diameter, porphyrin_levels(p.seed, p.porphyrin, f)[keep])


def porphyrin_table(grid: Grid, pores: Pores) -> Field:
    """Porphyrin (0..1) on `grid`: a glow somewhat wider than the pore it fills."""
    col, row = grid.pixels(pores.x, pores.y)
    shift, canvas = 4, np.zeros(grid.shape, np.uint8)
    for i in np.flatnonzero(pores.porphyrin > 0):
        centre = (round(float(col[i]) * (1 << shift)), round(float(row[i]) * (1 << shift)))
        radius = round(
            (0.6 + 0.5 * float(pores.porphyrin[i])) * float(pores.diameter[i]) * grid.px_per_mm * (1 << shift)
        )
        cv2.circle(canvas, centre, radius, round(255 * float(pores.porphyrin[i])), -1, cv2.LINE_AA, shift)
    return f32(canvas) * np.float32(1 / 255)


def pore_tables(grid: Grid, pores: Pores) -> tuple[Field, Field]:
    """Depth (mm, positive inwards) and level (0.5 on the rim) of the pores on `grid`."""
    col, row = grid.pixels(pores.x, pores.y)
    shift = 4
    canvas = np.zeros(grid.shape, np.uint8)
    for c, r, d in zip(col, row, pores.diameter, strict=True):
        centre = (round(float(c) * (1 << shift)), round(float(r) * (1 << shift)))
        radius = max(1, round(0.5 * float(d) * grid.px_per_mm * (1 << shift)))
        cv2.circle(canvas, centre, radius, 255, -1, cv2.LINE_AA, shift)
    level = f32(canvas) * np.float32(1 / 255)
    return f32(cv2.GaussianBlur(level, (0, 0), max(0.4, 0.06 * grid.px_per_mm))) * np.float32(0.09), level
