"""Light on a swatch: diffuse shade under two lamps and the glossy part that polarisers take or leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from phantom.fields import Field, blur, f32
from phantom.swatch.background import cover
from phantom.swatch.canvas import Canvas, Layers
from phantom.swatch.shapes import smooth_noise

_PUS, _PLUG, _HAIR = f32([0.78, 0.71, 0.50]), f32([0.60, 0.72, 0.80]), f32([0.030, 0.022, 0.018])
_SCALE = f32([0.80, 0.77, 0.72])
_FRESNEL = 0.028

Film = Callable[[Field], Field]
"""Lays make-up over an albedo (S, S, 3)."""


class Beam(NamedTuple):
    """Direction of a lamp (unit vector towards it) and its share of the light."""

    x: float
    y: float
    z: float
    weight: float


@dataclass(frozen=True)
class Lamps:
    """The draws that both renderings of a swatch share."""

    beams: tuple[Beam, Beam]
    alpha: float
    gloss: Field
    diffusion: float
    """mm"""


class Radiance(NamedTuple):
    """Linear light: the diffuse part (S, S, 3) and the glossy part (S, S)."""

    diffuse: Field
    glossy: Field


def lamps(canvas: Canvas) -> Lamps:
    """A key lamp by the law, and a weak fill lamp opposite."""
    side = -1.0 if canvas.rng.random() < 0.5 else 1.0
    azimuth, elevation = np.radians(side * canvas.draw("azimuth") - 90), np.radians(canvas.draw("elevation"))
    flat = np.cos(elevation)
    key = Beam(flat * np.cos(azimuth), flat * np.sin(azimuth), np.sin(elevation), 0.65)
    fill = Beam(-0.25 * np.cos(azimuth), -0.25 * np.sin(azimuth), 0.968, 0.45)
    gloss = np.float32(canvas.draw("gloss")) * np.clip(0.8 + 0.2 * smooth_noise(canvas, 1.5), 0, None)
    return Lamps((key, fill), canvas.draw("roughness") ** 2, f32(gloss), canvas.draw("diffusion"))


def albedo(canvas: Canvas, layers: Layers, diffusion: float) -> Field:
    """Diffuse reflectance, linear sRGB (S, S, 3), of skin with pus, scales and plugs; without make-up and hair."""
    px = canvas.px_per_mm
    melanin, blood = blur(layers.melanin, 0.22 * diffusion * px), blur(layers.blood, 0.5 * diffusion * px)
    colour = canvas.table.colour(melanin, blood)
    for opacity, towards in ((layers.pus, _pus(colour)), (layers.scale, _SCALE)):
        if opacity.any():
            colour = f32(colour + opacity[..., None] * (towards - colour))
    return f32(colour * (1 - layers.plug[..., None] * _PLUG)) if layers.plug.any() else colour


def _pus(colour: Field) -> Field:
    """Pus and sebum take the brightness of the skin around them."""
    return f32(_PUS * min(1.0, 2.1 * float(colour.mean())))


def radiance(canvas: Canvas, layers: Layers, light: Lamps, film: Film | None = None) -> Radiance:
    """The layers under the lamps; `film` is laid over the albedo."""
    colour = albedo(canvas, layers, light.diffusion)
    colour = colour if film is None else film(colour)
    hair = canvas.hair[..., None]
    colour = f32(colour + hair * (_HAIR - colour))
    shade, glossy = relief_light(canvas, layers, light)
    return Radiance(f32(colour * shade), f32(glossy * (1 - canvas.hair)))


def film_of(canvas: Canvas) -> Film | None:
    """The make-up of the canvas, the same each time it is laid on."""
    if not canvas.film:
        return None
    state = canvas.rng.bit_generator.state

    def lay(colour: Field) -> Field:
        canvas.rng.bit_generator.state = state
        return cover(canvas, colour)

    return lay


def relief_light(canvas: Canvas, layers: Layers, light: Lamps) -> tuple[Field, Field]:
    """What the shape does to the light: diffuse shade (S, S, 3) and glossy radiance (S, S)."""
    px, height = canvas.px_per_mm, layers.height
    gx, gy = (
        cv2.Sobel(height, cv2.CV_32F, *order, ksize=3) * np.float32(px / 8) for order in ((1, 0), (0, 1))
    )
    nz = 1 / np.sqrt(1 + gx * gx + gy * gy)
    occlusion = 1 - np.float32(1.6) * np.clip(blur(height, 0.35 * px) - height, 0, 0.25)
    shade, glossy = np.zeros_like(nz), np.zeros_like(nz)
    a2 = np.float32(light.alpha**2)
    for beam in light.beams:
        lambert = (np.float32(beam.z) - gx * np.float32(beam.x) - gy * np.float32(beam.y)) * nz
        shade += np.float32(beam.weight) * np.clip(lambert, 0, 1)
        half = f32([beam.x, beam.y, beam.z + 1]) / np.float32(np.sqrt(2 + 2 * beam.z))
        nh = np.clip((half[2] - gx * half[0] - gy * half[1]) * nz, 0, 1)
        lobe = nh * nh * (a2 - 1) + 1
        glossy += np.float32(beam.weight * _FRESNEL * 0.3 / np.pi) * a2 / (lobe * lobe)
    return _diffused(shade * occlusion, light.diffusion * px), f32(glossy * light.gloss)


def _diffused(shade: Field, reach: float) -> Field:
    """Shade by channel: red light wanders farthest below the surface and fills grooves most."""
    far, near = blur(shade, 1.6 * reach), blur(shade, 0.8 * reach)
    mix = ((0.75, far), (0.55, near), (0.40, near))
    return f32(np.dstack([np.float32(w) * soft + np.float32(1 - w) * shade for w, soft in mix]))
