"""Frames that carry their own number in their pixels."""

import time

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Frame, FrameHeader

WIDTH, HEIGHT = 640, 360
_BLOCK = 32
_BITS = 16

_texture = cv2.GaussianBlur(
    np.random.default_rng(5).integers(60, 200, (HEIGHT, WIDTH * 2, 3), np.uint8), (7, 7), 0
)


def stamped(number: int) -> NDArray[np.uint8]:
    """A moving texture with `number` (16 bits) painted in its first rows."""
    shift = (number * 3) % WIDTH
    picture = _texture[:, shift : shift + WIDTH].copy()
    for bit in range(_BITS):
        picture[:_BLOCK, bit * _BLOCK : (bit + 1) * _BLOCK] = 235 if number >> bit & 1 else 16
    return np.asarray(picture, np.uint8)


def number_in(picture: NDArray[np.uint8]) -> int:
    """The number painted in a picture of the same proportions, whatever coding did to it."""
    block = picture.shape[1] * _BLOCK // WIDTH
    middle = picture[block // 4 : 3 * block // 4].mean((0, 2))
    return sum(
        1 << bit for bit in range(_BITS) if middle[bit * block + block // 4 : (bit + 1) * block].mean() > 128
    )


def frame(frame_id: int, number: int) -> Frame:
    """A booth frame taken now."""
    header = FrameHeader(frame_id=frame_id, width=WIDTH, height=HEIGHT, captured_at=time.time())
    return Frame(header, stamped(number))
