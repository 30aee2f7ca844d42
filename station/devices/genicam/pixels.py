"""Pixel formats of the GenICam naming convention (PFNC), decoded to linear RGB."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Pixels

_BAYER = {
    "BayerRG": cv2.COLOR_BayerRGGB2RGB,
    "BayerGR": cv2.COLOR_BayerGRBG2RGB,
    "BayerGB": cv2.COLOR_BayerGBRG2RGB,
    "BayerBG": cv2.COLOR_BayerBGGR2RGB,
}


@dataclass(frozen=True)
class PixelFormat:
    """How the bytes of one format are read."""

    bits: int
    channels: int
    to_rgb: int | None
    """OpenCV's conversion; None: RGB as it is."""


PIXEL_FORMATS: Mapping[str, PixelFormat] = {
    "RGB8": PixelFormat(8, 3, None),
    "BGR8": PixelFormat(8, 3, cv2.COLOR_BGR2RGB),
    **{f"Mono{bits}": PixelFormat(bits, 1, cv2.COLOR_GRAY2RGB) for bits in (8, 10, 12, 16)},
    **{
        f"{name}{bits}": PixelFormat(bits, 1, code)
        for name, code in _BAYER.items()
        for bits in (8, 10, 12, 16)
    },
}
"""Unpacked formats: samples of more than 8 bits take two bytes, little endian, in their lower bits."""


def decoded(data: bytes | bytearray, pixel_format: str, width: int, height: int) -> Pixels:
    """(height, width, 3) RGB, uint8 for 8 bits and uint16 above; raises `ValueError` for a wrong number of bytes."""
    form = PIXEL_FORMATS[pixel_format]
    samples: Pixels = (
        np.frombuffer(data, np.uint8) if form.bits == 8 else np.frombuffer(data, np.dtype("<u2"))
    )
    shape = (height, width, 3) if form.channels == 3 else (height, width)
    picture = samples.reshape(shape)
    rgb = picture if form.to_rgb is None else cv2.cvtColor(picture, form.to_rgb)
    return np.ascontiguousarray(rgb, np.uint8) if form.bits == 8 else np.ascontiguousarray(rgb, np.uint16)


def shown(pixels: Pixels, black_level: int, white_level: int) -> NDArray[np.uint8]:
    """8-bit sRGB (IEC 61966-2-1) of linear pixels."""
    table = _tone_table(black_level, white_level, 256 if pixels.dtype == np.uint8 else 65_536)
    return np.asarray(table[pixels], np.uint8)


@lru_cache(maxsize=2)
def _tone_table(black_level: int, white_level: int, size: int) -> NDArray[np.uint8]:
    linear = np.clip((np.arange(size) - black_level) / (white_level - black_level), 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * encoded), np.uint8)
