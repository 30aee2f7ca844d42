"""Pigment spots, trouble, wrinkles and pores: each painter adds to the skin and to its truth alike."""

from __future__ import annotations

import numpy as np

from phantom.fields import Field, f32
from phantom.swatch.canvas import Canvas, Item, Mark
from phantom.swatch.shapes import Blob, blob, distance_to, path, smooth_noise, stamp


def lognormal(canvas: Canvas, name: str, spread: float, lo: float, hi: float) -> float:
    """A radius in px around the law's median (mm), within `lo` to `hi` times it."""
    factor = float(np.clip(np.exp(spread * canvas.rng.standard_normal()), lo, hi))
    return canvas.draw(name) * factor * canvas.px_per_mm


def mark(kind: str, item: Item, y: float, x: float, radius: float, b: Blob) -> Mark:
    """The truth of a blob: all within its rim."""
    return Mark(kind, item, y, x, radius, b.window, b.q < 1)


def spots(canvas: Canvas, kind: str, count: int, centre: Field | None = None, spread: float = 0.0) -> None:
    """Lentigines or ephelides; scattered, or around a place (row, column) with a spread in px."""
    softness, ragged = canvas.draw("softness"), canvas.draw("raggedness")
    mottle = smooth_noise(canvas, 0.8)
    for _ in range(count):
        y, x = canvas.anywhere(1)[0] if centre is None else canvas.rng.normal(centre, spread)
        radius = lognormal(canvas, f"{kind}_radius", 0.28, 0.62, 1.7)
        soft = softness if kind == "lentigo" else 1.3 * softness
        spot(canvas, kind, float(y), float(x), radius, soft, ragged, mottle)


def spot(
    canvas: Canvas, kind: str, y: float, x: float, radius: float, soft: float, ragged: float, mottle: Field
) -> None:
    """One pigment spot; an overlap is as dark as the darker of the two."""
    dose = np.float32(canvas.draw(f"{kind}_dose"))
    b = blob(canvas, y, x, radius, soft, ragged)
    if b is None:
        return
    gain = canvas.darken(b.window, f32(dose * b.level(soft) * (1 + np.float32(0.09) * mottle[b.window])))
    canvas.add(mark(kind, "melanin", y, x, radius, b), gain)


def inflamed(canvas: Canvas, kind: str, y: float, x: float) -> None:
    """A papule, or with a cap of pus a pustule; its centre in px."""
    radius, dose = lognormal(canvas, "papule_radius", 0.22, 0.7, 1.5), np.float32(canvas.draw("papule_dose"))
    rise, share, pus = canvas.draw("papule_rise"), canvas.draw("pus_share"), canvas.draw("pus")
    b = blob(canvas, y, x, radius, 0.5, 0.08)
    if b is None:
        return
    layers, gain = canvas.marked, canvas.redden(b.window, f32(dose * b.level(0.5)))
    height = np.float32(rise * radius / canvas.px_per_mm)
    layers.height[b.window] += height * np.exp(-((b.q / np.float32(0.8)) ** 2))
    if kind == "pustule":
        cap = np.float32(pus) / (
            1 + np.exp(np.clip((b.q / np.float32(share) - 1) / np.float32(0.12), -30, 30))
        )
        np.maximum(layers.pus[b.window], cap, out=layers.pus[b.window])
    canvas.add(mark(kind, "trouble", y, x, radius, b), gain)


def comedo(canvas: Canvas, kind: str, y: float, x: float) -> None:
    """A plugged pore: dark and sunken when open, pale and raised when closed, faintly red around either."""
    radius = canvas.draw("comedo_radius") * canvas.rng.uniform(0.9, 1.1) * canvas.px_per_mm
    dose, plug = np.float32(canvas.draw("comedo_dose")), np.float32(canvas.draw("plug"))
    b = blob(canvas, y, x, radius, 0.3, 0.05)
    if b is None:
        return
    layers, level = canvas.marked, b.level(0.3)
    canvas.redden(b.window, f32(dose * level))
    target = layers.plug if kind == "open_comedo" else layers.pus
    strength = plug if kind == "open_comedo" else np.float32(0.5) * plug
    np.maximum(target[b.window], strength * level, out=target[b.window])
    lift = np.float32(-0.10 if kind == "open_comedo" else 0.20) * np.float32(radius / canvas.px_per_mm)
    layers.height[b.window] += lift * np.exp(-((b.q / np.float32(0.8)) ** 2))
    canvas.add(mark(kind, "trouble", y, x, radius, b), f32(np.full_like(level, dose)))


def trouble(canvas: Canvas, count: int) -> None:
    """Papules, pustules and comedones by fixed shares."""
    kinds = ("papule", "pustule", "open_comedo", "closed_comedo")
    for kind in canvas.rng.choice(kinds, count, p=(0.40, 0.24, 0.20, 0.16)):
        y, x = canvas.anywhere(1)[0]
        paint = inflamed if kind in ("papule", "pustule") else comedo
        paint(canvas, str(kind), float(y), float(x))


def wrinkles(canvas: Canvas, count: int) -> None:
    """Grooves of roughly one direction; truth is the half width to either side, where deeper than 0.3 of the most."""
    main = canvas.rng.uniform(0, np.pi)
    for _ in range(count):
        line = path(
            canvas, canvas.rng.uniform(0.35, 1.3) * canvas.side / canvas.px_per_mm, canvas.draw("wave"),
            main + canvas.rng.normal(0, 0.25),
        )  # fmt: skip
        groove(canvas, line, canvas.draw("wrinkle_half_width"), canvas.draw("wrinkle_aspect"))


def groove(canvas: Canvas, line: Field, half_width: float, aspect: float) -> None:
    """One wrinkle along a path (n, 2) of column and row in px, `half_width` in mm; its depth tapers towards both ends."""
    side, width = canvas.side, half_width * canvas.px_per_mm
    distance = distance_to(side, line)
    chord = line[-1] - line[0]
    length = max(1.0, float(np.hypot(*chord)))
    unit = chord / np.float32(length)
    at = f32(np.arange(side))
    along = (at[None] - line[0, 0]) * unit[0] + (at[:, None] - line[0, 1]) * unit[1]
    taper = np.clip((1 - np.abs(along / np.float32(length) - np.float32(0.5)) * 2) * 4, 0, 1)
    depth = np.float32(half_width * aspect) * taper
    canvas.marked.height -= depth * np.exp(-((distance * np.float32(1 / width)) ** 2))
    inside = (distance < width) & (taper > np.float32(0.3))
    window = (slice(0, side), slice(0, side))
    x, y = line.mean(0)
    canvas.add(Mark("wrinkle", "wrinkle", float(y), float(x), width, window, inside), f32(depth))


def pores(canvas: Canvas, per_cm2: float) -> Field:
    """Open pores, unevenly dense; their places (n, 2), row and column in px."""
    places = canvas.anywhere(canvas.count(per_cm2), 2.0)
    dense = 0.6 + 0.4 * smooth_noise(canvas, 4.0)[places[:, 0].astype(int), places[:, 1].astype(int)]
    places = f32(places[canvas.rng.random(len(places)) < np.clip(dense, 0.15, 1)])
    radius = f32(canvas.draw("pore_radius") * canvas.rng.uniform(0.8, 1.25, len(places)))
    depth = f32(radius * canvas.draw("pore_aspect") * canvas.rng.uniform(0.75, 1.25, len(places)))
    pits(canvas, places, radius, depth)
    return places


def pits(canvas: Canvas, places: Field, radius: Field, depth: Field) -> None:
    """Pores of radii and depths in mm: Gaussian pits, truth within the radius."""
    side, px = canvas.side, np.float32(canvas.px_per_mm)
    hollow = np.zeros((side, side), np.float32)
    stamp(hollow, places, radius * px, depth, lambda q: f32(np.exp(-q * q)))
    canvas.marked.height -= hollow
    for (y, x), r, d in zip(places, np.maximum(radius * px, 0.7), depth, strict=True):
        reach = int(r) + 2
        r0, r1 = max(0, int(y) - reach), min(side, int(y) + reach + 1)
        c0, c1 = max(0, int(x) - reach), min(side, int(x) + reach + 1)
        rows, cols = f32(np.arange(r0, r1))[:, None] - y, f32(np.arange(c0, c1))[None] - x
        inside = rows * rows + cols * cols < r * r
        window = (slice(r0, r1), slice(c0, c1))
        strength = np.full(inside.shape, d, np.float32)
        canvas.add(Mark("pore", "pore", float(y), float(x), float(r), window, inside), strength)


def fluoresce(canvas: Canvas, places: Field, share: float) -> None:
    """Porphyrins in that share of the pores."""
    chosen = places[canvas.rng.random(len(places)) < share]
    radius = f32(canvas.rng.uniform(0.06, 0.14, len(chosen)) * canvas.px_per_mm)
    strength = f32(canvas.rng.uniform(0.3, 1.0, len(chosen)))
    stamp(canvas.porphyrin, chosen, radius, strength, lambda q: f32(np.exp(-q * q)))
