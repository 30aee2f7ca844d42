"""Bare skin and what lies on it without being truth: furrows, fine relief, mottling, hair, stubble, vessels, make-up."""

from __future__ import annotations

import cv2
import numpy as np

from phantom.fields import Field, blur, f32
from phantom.swatch.canvas import Canvas
from phantom.swatch.shapes import draw_line, grain_noise, path, smooth_noise, stamp


def skin(canvas: Canvas, melanin: float, blood: float) -> None:
    """Uneven pigment and blood, the furrow network and the fine relief."""
    bare = canvas.bare
    bare.melanin += np.float32(np.log(melanin))
    bare.melanin += np.float32(0.08) * smooth_noise(canvas, 3.5) + np.float32(0.04) * grain_noise(
        canvas, 0.12, 0.5
    )
    bare.blood += np.float32(np.log(blood))
    mottle = 0.8 * smooth_noise(canvas, 2.2) + 0.6 * smooth_noise(canvas, 0.7)
    bare.blood += np.float32(canvas.draw("mottling")) * f32(mottle)
    bare.height += np.float32(canvas.draw("relief")) * grain_noise(canvas, 0.03, 0.16)
    _furrows(canvas)


def _furrows(canvas: Canvas) -> None:
    """Two crossing families of warped lines, as primary furrows of the skin lie."""
    rng, px = canvas.rng, canvas.px_per_mm
    depth, period = np.float32(canvas.draw("furrows")), canvas.draw("furrow_period")
    warp, turn, between = smooth_noise(canvas, 1.4), rng.uniform(0, np.pi), rng.uniform(0.8, 1.4)
    at = f32(np.arange(canvas.side))
    for angle in (turn, turn + between):
        u = at[None] * np.float32(np.cos(angle)) + at[:, None] * np.float32(np.sin(angle))
        pitch = np.float32(np.pi / (px * period * rng.uniform(0.85, 1.15)))
        wave = np.sin(u * pitch + warp * np.float32(rng.uniform(0.8, 1.6)))
        canvas.bare.height -= (
            depth * np.exp(-((wave * np.float32(3.6)) ** 2)) * np.clip(0.75 + 0.25 * warp, 0, 1.3)
        )


def distractors(canvas: Canvas) -> None:
    """Hair, vellus, stubble, dilated vessels and sometimes make-up."""
    _strands(canvas, canvas.count(canvas.draw("hairs")), (2.0, 9.0), (0.3, 0.85), (0.05, 0.10))
    _strands(canvas, canvas.count(canvas.draw("vellus")), (0.6, 2.5), (0.06, 0.25), (0.04, 0.06))
    _stubble(canvas, canvas.count(canvas.draw("stubble")))
    for _ in range(canvas.count(canvas.draw("vessels"))):
        vessel(canvas)
    if canvas.rng.random() < 0.2:
        canvas.film = canvas.draw("film")


def _strands(
    canvas: Canvas,
    count: int,
    length: tuple[float, float],
    opacity: tuple[float, float],
    width: tuple[float, float],
) -> None:
    """Lines of a length and width in mm, in up to six shades; what is finer than a pixel is the paler."""
    shades: list[float] = np.linspace(*opacity, min(6, count)).tolist()
    finest = min(1.0, 20 / 13 * canvas.px_per_mm * float(np.mean(width)))
    for start, shade in enumerate(shades):
        layer = np.zeros((canvas.side, canvas.side), np.uint8)
        for _ in range(start, count, len(shades)):
            line = path(canvas, canvas.rng.uniform(*length), canvas.rng.uniform(0.1, 0.6))
            draw_line(layer, line, max(1, round(canvas.rng.uniform(*width) * canvas.px_per_mm)))
        strand = f32(layer) * np.float32(shade * finest * canvas.rng.uniform(0.8, 1.2) / 255)
        np.maximum(canvas.hair, strand, out=canvas.hair)


def _stubble(canvas: Canvas, count: int) -> None:
    radius = f32(canvas.rng.uniform(0.05, 0.10, count) * canvas.px_per_mm)
    strength = f32(canvas.rng.uniform(0.15, 0.5, count))
    stamp(canvas.hair, canvas.anywhere(count, 2.0), radius, strength, lambda q: f32(np.exp(-(q**4))), 1.8)


def vessel(canvas: Canvas) -> None:
    """A telangiectasia: a dilated vessel of 0.05 to 0.15 mm, seen blurred through the dermis."""
    layer = np.zeros((canvas.side, canvas.side), np.uint8)
    line = path(canvas, canvas.rng.uniform(0.8, 3.4), 0.8)
    draw_line(layer, line, int(canvas.rng.integers(1, 3)))
    strength = np.float32(canvas.rng.uniform(0.8, 1.6) / 255 * min(1.0, canvas.px_per_mm / 10))
    canvas.bare.blood += f32(cv2.GaussianBlur(layer, (0, 0), max(0.4, 0.05 * canvas.px_per_mm))) * strength


def cover(canvas: Canvas, albedo: Field) -> Field:
    """`albedo` under the make-up film: drawn towards one colour, most where the film lies thick."""
    if not canvas.film:
        return albedo
    colour = albedo.mean((0, 1)) * f32(canvas.rng.uniform(0.95, 1.08, 3))
    thick = np.clip(canvas.film * (1 + 0.3 * smooth_noise(canvas, 0.8)), 0, 0.9)
    return f32(albedo + blur(f32(thick), 0.5)[..., None] * (colour - albedo))
