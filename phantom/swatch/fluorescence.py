"""A swatch under long-wave ultraviolet, seen through a filter that stops it.

Collagen of the dermis glows blue-green behind melanin and blood, porphyrins in follicles orange-red at 620 to 640 nm,
loose scales and sebum whitish.
"""

from __future__ import annotations

import numpy as np

from phantom.fields import Field, blur, f32
from phantom.swatch.canvas import Canvas
from phantom.swatch.light import Lamps, relief_light

_COLLAGEN, _KERATIN = f32([0.115, 0.300, 0.440]), f32([0.010, 0.020, 0.030])
_SCALES, _SEBUM = f32([0.22, 0.27, 0.28]), f32([0.20, 0.19, 0.11])
_PORPHYRIN = f32([0.620, 0.130, 0.060])
_MELANIN, _BLOOD = f32([17.0, 19.0, 21.0]), f32([20.0, 38.0, 46.0])
"""optical depth of the way in and out for each unit of the volume fraction, by channel"""
_LAMP = f32([0.02, 0.02, 0.16])


def fluorescence(canvas: Canvas, light: Lamps) -> Field:
    """Linear light (S, S, 3)."""
    layers, reach = canvas.whole(), light.diffusion * canvas.px_per_mm
    melanin = np.exp(blur(layers.melanin, 0.22 * reach))[..., None]
    blood = np.exp(blur(layers.blood, 0.5 * reach))[..., None]
    shade, glossy = relief_light(canvas, layers, light)
    open_skin = (1 - layers.plug) * (1 - np.float32(min(1.0, 1.5 * canvas.film))) * (1 - canvas.hair)
    glow = _COLLAGEN * np.exp(-melanin * _MELANIN - blood * _BLOOD) * open_skin[..., None] + _KERATIN
    glow = glow + layers.scale[..., None] * _SCALES + layers.pus[..., None] * _SEBUM
    above = np.exp(np.float32(-5.0) * melanin) * canvas.porphyrin[..., None]
    return f32(glow * shade + above * _PORPHYRIN + glossy[..., None] * _LAMP)
