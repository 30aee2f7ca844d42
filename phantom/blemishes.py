"""Acne beyond papules, vessels, melasma, sun spots and porphyrins: how many a person has, and their tables over the face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from phantom.fields import Field, Grid, bump, f32, smoothstep

if TYPE_CHECKING:
    from phantom.relief import FaceFrame

_VESSEL_WIDTH_MM = 0.25
_VESSEL_STEPS = 14
MELASMA_DOSE = 0.55
"""natural-log gain of melanin where melasma is full"""
SUN_DOSE_SEEN, SUN_DOSE_UV = 0.05, 1.1
"""natural-log gains of melanin in a sun spot's centre, as white light and as ultraviolet light has it"""


def draw_blemishes(seed: int, person: dict[str, object], *, demo: bool) -> dict[str, object]:
    """The numbers of an identity; a function of the arguments alone."""
    rng = np.random.default_rng([seed, 22])
    papules, age = int(person["papules"]), float(person["age"])  # type: ignore[call-overload, arg-type]
    fair = person["ita_class"] in ("very_light", "light", "intermediate")
    tanned = person["ita_class"] in ("intermediate", "tan", "brown")
    comedones = float(rng.choice([2.0, 8.0, 25.0]))
    return {
        "pustules": int(rng.binomial(papules, 0.3)),
        "open_comedones": int(rng.poisson(comedones)), "closed_comedones": int(rng.poisson(comedones)),
        "telangiectasias": int(rng.poisson(3.0 * age + 1.0)) if fair else 0,
        "melasma": float(rng.uniform(0.4, 1.0)) if tanned and rng.random() < (0.1 if demo else 0.2) else 0.0,
        "sun_damage": float(rng.uniform(0.1, 0.4) + 0.5 * age) * (1.0 if fair else 0.3),
        "porphyrin": float(rng.beta(1.2, 2.5)),
    }  # fmt: skip


def melasma_level(seed: int, amount: float, grid: Grid, f: FaceFrame) -> Field:
    """0..1 of melasma: ragged patches, alike on both sides, over cheekbones, forehead and upper lip."""
    if amount <= 0:
        return np.zeros(grid.shape, np.float32)
    rng = np.random.default_rng([seed, 45])
    zone = bump(f.ax, f.y, 40, -24, 17, 13) + np.float32(rng.uniform(0.4, 1)) * bump(
        f.ax, f.y, 16, 46, 18, 12
    )
    zone = zone + np.float32(rng.uniform(0.3, 0.9)) * bump(f.ax, f.y, 11, -55, 10, 4.5)
    ragged = np.float32(0.16) * (grid.noise(rng, 9.0) + grid.noise(rng, 3.5))
    return f32(smoothstep(0.36, 0.74, zone * np.float32(0.6 + 0.4 * amount) + ragged))


def vessel_levels(seed: int, sites: list[tuple[float, float]], grid: Grid) -> Field:
    """0..1 of telangiectasias: bent vessels of a quarter of a millimetre, some millimetres long."""
    rng, shift = np.random.default_rng([seed, 46]), 4
    canvas = np.zeros(grid.shape, np.uint8)
    for x, y in sites:
        turn, step = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.6)
        bends = turn + np.cumsum(rng.normal(0, 0.28, _VESSEL_STEPS))
        path = np.stack([x + np.cumsum(step * np.cos(bends)), y + np.cumsum(step * np.sin(bends))], -1)
        col, row = grid.pixels(f32(path[:, :1]), f32(path[:, 1:]))
        points = np.rint(np.hstack([col, row]) * (1 << shift)).astype(np.int32)
        width = max(1, round(_VESSEL_WIDTH_MM * grid.px_per_mm))
        cv2.polylines(canvas, [points[:, None]], False, 255, width, cv2.LINE_AA, shift)
    thin = min(1.0, _VESSEL_WIDTH_MM * grid.px_per_mm)
    return f32(cv2.GaussianBlur(f32(canvas), (0, 0), 0.5)) * np.float32(thin / 255)


def porphyrin_levels(seed: int, amount: float, f: FaceFrame) -> Field:
    """0..1 of porphyrin in each pore at `f`: bacteria live in the follicles of nose, forehead, chin and inner cheeks."""
    rng = np.random.default_rng([seed, 44])
    zone = bump(f.ax, f.y, 0, -36, 15, 14) + np.float32(0.7) * bump(f.ax, f.y, 0, 42, 30, 16)
    zone = (
        zone
        + np.float32(0.8) * bump(f.ax, f.y, 0, -98, 16, 10)
        + np.float32(0.35) * bump(f.ax, f.y, 24, -34, 12, 12)
    )
    filled = rng.random(f.ax.shape) < np.clip(zone, 0, 1) * np.float32(0.75 * amount)
    return f32(filled * rng.uniform(0.35, 1.0, f.ax.shape))
