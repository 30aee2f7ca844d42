"""What the booth's ultraviolet lamps (about 385 nm) make of a face, seen through a filter that stops them.

Collagen of the dermis glows blue-green behind the melanin and blood above it (R. R. Anderson, J. A. Parrish, "The optics
of human skin", J. Invest. Dermatol. 77 (1981) 13-19), porphyrins of follicle bacteria glow orange-red at 620-640 nm,
sebum a pale yellow; sclera, teeth and white cloth glow bluish. The neutral tab does not fluoresce.
"""

from __future__ import annotations

import numpy as np

from phantom.blemishes import SUN_DOSE_SEEN, SUN_DOSE_UV
from phantom.fields import Field, f32
from phantom.scene import PART, Geometry
from phantom.spectral import skin_table

_ROWS = 256
_COLLAGEN = (0.115, 0.300, 0.440)
_KERATIN = (0.010, 0.020, 0.030)
_SEBUM = (0.060, 0.055, 0.035)
_PORPHYRIN = (0.620, 0.130, 0.060)
_MELANIN_PER_FRACTION = (17.0, 19.0, 21.0)
"""optical depth of the epidermis, in by ultraviolet and out by red, green, blue, for each unit of melanin"""
_BLOOD_PER_FRACTION = (20.0, 38.0, 46.0)
_FOLLICLE_MELANIN = 5.0
"""of the same, above the openings of follicles"""
_ELSEWHERE = {
    "eye": (0.20, 0.36, 0.58), "mouth": (0.36, 0.46, 0.52), "hair": (0.03, 0.05, 0.09), "brow": (0.03, 0.05, 0.09),
    "beard": (0.03, 0.05, 0.09), "clothing": (0.05, 0.07, 0.26), "glasses": (0.01, 0.01, 0.02), "background": (0.02, 0.02, 0.05),
}  # fmt: skip
"""glow for each unit of radiance under white light"""
_ON_SKIN = ("skin", "lips", "ear", "neck")


def fluorescence(geometry: Geometry, wall: Field) -> Field:
    """(H, W, 3) scene-linear radiance; `wall` (broadcast to it) is what the background shows under white light."""
    height, width = geometry.labels.shape
    out = np.empty((height, width, 3), np.float32)
    behind = np.broadcast_to(wall, out.shape)
    for start in range(0, height, _ROWS):
        rows = slice(start, min(start + _ROWS, height))
        out[rows] = _glow(geometry, rows, f32(behind[rows]))
    return out


def _glow(geometry: Geometry, rows: slice, wall: Field) -> Field:
    labels, white = geometry.labels[rows], f32(geometry.diffuse[rows])
    share = np.zeros((len(PART), 3), np.float32)
    for name, colour in _ELSEWHERE.items():
        share[PART[name]] = colour
    seen = white + (1 - f32(geometry.coverage[rows]))[..., None] * wall
    out = seen.mean(-1, keepdims=True) * share[labels]
    skin = np.isin(labels, [PART[name] for name in _ON_SKIN])
    return f32(np.where(skin[..., None], _skin(geometry, rows, white), out)) if skin.any() else f32(out)


def _skin(geometry: Geometry, rows: slice, white: Field) -> Field:
    """(h, W, 3) glow of pixels that are skin."""
    melanin, blood = f32(geometry.melanin[rows]), f32(geometry.blood[rows])
    glow = f32(geometry.glow[rows]) * np.float32(1 / 255)
    pigment, perfusion = np.log(np.maximum(melanin, 1e-4)), np.log(np.maximum(blood, 1e-5))
    albedo = skin_table().colour(f32(pigment), f32(perfusion))
    light = (white.mean(-1) / np.maximum(albedo.mean(-1), 1e-3))[..., None]
    melanin = melanin * np.exp(np.float32(SUN_DOSE_UV - SUN_DOSE_SEEN) * glow[..., 1])
    stopped = melanin[..., None] * f32(_MELANIN_PER_FRACTION) + blood[..., None] * f32(_BLOOD_PER_FRACTION)
    dermis = f32(_COLLAGEN) * np.exp(-stopped) + f32(_KERATIN)
    openings = np.exp(-np.float32(_FOLLICLE_MELANIN) * melanin)[..., None] * glow[..., :1]
    return f32(light * (dermis + openings * (f32(_PORPHYRIN) + f32(_SEBUM))))
