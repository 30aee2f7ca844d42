"""What the booth's ultraviolet lamps (about 385 nm) make of a face, seen through a filter that stops them.

Collagen of the dermis glows blue-green behind the melanin and blood above it (R. R. Anderson, J. A. Parrish, "The optics
of human skin", J. Invest. Dermatol. 77 (1981) 13-19), porphyrins of follicle bacteria glow orange-red at 620-640 nm,
sebum a pale yellow; sclera, teeth and white cloth glow bluish. The neutral tab does not fluoresce.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.blemishes import SUN_DOSE_SEEN, SUN_DOSE_UV
from phantom.fields import Field, f32
from phantom.scene import PART, PARTS, Geometry
from phantom.spectral import SkinTable, skin_table

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
    white = f32(geometry.diffuse[rows])
    seen = white + (1 - f32(geometry.coverage[rows]))[..., None] * wall
    level = f32(cv2.transform(seen, np.full((1, 3), 1 / 3, np.float32)))
    out = level[..., None] * _shares()[geometry.labels[rows]]
    skin = _on_skin()[geometry.labels[rows]]
    cols = np.flatnonzero(skin.any(0))
    if cols.size:
        part = (slice(None), slice(int(cols[0]), int(cols[-1]) + 1))
        glow = _skin(geometry, (rows, part[1]), level[part])
        np.copyto(out[part], glow, where=skin[part][..., None])
    return f32(out)


def _skin(geometry: Geometry, window: tuple[slice, slice], level: Field) -> Field:
    """(h, w, 3) glow of pixels that are skin, of which white light makes `level`."""
    glow = geometry.glow[window]
    pigment = np.log(np.maximum(f32(geometry.melanin[window]), np.float32(1e-4)))
    perfusion = np.log(np.maximum(f32(geometry.blood[window]), np.float32(1e-5)))
    white, uv = _tables()
    light = level / np.maximum(white.colour(f32(pigment), f32(perfusion))[..., 0], np.float32(1e-3))
    spotted = pigment + np.float32((SUN_DOSE_UV - SUN_DOSE_SEEN) / 255) * glow[..., 1]
    out = uv.colour(f32(spotted), f32(perfusion)) * light[..., None]
    filled = glow[..., 0] > 0
    clear = np.exp(-np.float32(_FOLLICLE_MELANIN) * np.exp(pigment[filled]))
    openings = light[filled] * clear * glow[..., 0][filled] * np.float32(1 / 255)
    out[filled] += openings[:, None] * (f32(_PORPHYRIN) + f32(_SEBUM))
    return f32(out)


@cache
def _shares() -> Field:
    share = np.zeros((len(PART), 3), np.float32)
    for name, colour in _ELSEWHERE.items():
        share[PART[name]] = colour
    return share


@cache
def _on_skin() -> NDArray[np.bool_]:
    return np.array([name in _ON_SKIN for name in PARTS])


@cache
def _tables() -> tuple[SkinTable, SkinTable]:
    """The mean reflectance of skin under white light (in each channel), and its glow for unit irradiance."""
    skin = skin_table()
    stopped = skin.melanin[:, None, None] * np.array(_MELANIN_PER_FRACTION)
    stopped = stopped + skin.blood[None, :, None] * np.array(_BLOOD_PER_FRACTION)
    glow = np.array(_COLLAGEN) * np.exp(-stopped) + np.array(_KERATIN)
    grey = np.repeat(skin.rgb.mean(-1, keepdims=True), 3, -1)
    return replace(skin, rgb=grey), replace(skin, rgb=f32(glow))
