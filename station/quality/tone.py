"""Numbers of a frame as light, and light as a picture for the eye."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Frame, FrameHeader, Pixels, Transfer

Linear = NDArray[np.float32]
"""(height, width, 3) RGB, sRGB primaries, proportional to light; 1 is the white level."""

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear R, G, B in Y (ITU-R BT.709)."""


def linear(frame: Frame) -> Linear:
    """The frame as light, clipped to 0 .. 1 of its white level."""
    return linear_pixels(frame.header, frame.pixels)


def linear_pixels(header: FrameHeader, pixels: Pixels) -> Linear:
    """`linear` of some of the frame's samples, any (height, width, 3) part of them."""
    return np.asarray(cv2.LUT(pixels, _light(*_coding(header))), np.float32)


def develop(frame: Frame) -> NDArray[np.uint8]:
    """The frame as 8-bit sRGB (IEC 61966-2-1), no tone curve and no white balance beyond that.

    A frame that already is 8-bit sRGB over the full range comes back as it is, not copied.
    """
    header = frame.header
    if _coding(header) == (8, Transfer.SRGB, 0, 255):
        return np.asarray(frame.pixels, np.uint8)
    return np.asarray(cv2.LUT(frame.pixels, _developed(*_coding(header))), np.uint8)


def luminance(picture: Linear) -> NDArray[np.float32]:
    """Y (height, width) of linear RGB."""
    return np.asarray(cv2.transform(picture, LUMINANCE[None]), np.float32)


def encode_srgb(light: NDArray[np.float32]) -> NDArray[np.uint8]:
    """8-bit sRGB of light in 0 .. 1, rounded to nearest."""
    return np.asarray(np.rint(255 * _srgb_from_linear(np.clip(light.astype(np.float64), 0, 1))), np.uint8)


def clip_code(header: FrameHeader) -> int:
    """The smallest sample value that counts as clipped: 250/255 of the way from black to white level."""
    return int(np.ceil(header.black_level + (header.white_level - header.black_level) * 250 / 255))


def _coding(header: FrameHeader) -> tuple[int, Transfer, int, int]:
    return header.bit_depth, header.transfer, header.black_level, header.white_level


def _fraction(bit_depth: int, black: int, white: int) -> NDArray[np.float64]:
    codes = np.arange(256 if bit_depth == 8 else 65536, dtype=np.float64)
    return np.clip((codes - black) / max(white - black, 1), 0, 1)


@lru_cache(maxsize=16)
def _light(bit_depth: int, transfer: Transfer, black: int, white: int) -> NDArray[np.float32]:
    value = _fraction(bit_depth, black, white)
    light = value if transfer is Transfer.LINEAR else _linear_from_srgb(value)
    return light.astype(np.float32)


@lru_cache(maxsize=16)
def _developed(bit_depth: int, transfer: Transfer, black: int, white: int) -> NDArray[np.uint8]:
    value = _fraction(bit_depth, black, white)
    encoded = _srgb_from_linear(value) if transfer is Transfer.LINEAR else value
    return np.rint(255 * encoded).astype(np.uint8)


def _linear_from_srgb(value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def _srgb_from_linear(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
