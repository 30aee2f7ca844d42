"""What the booths of these benchmarks film: a moving face, the number of the frame, and a grey band below."""

import time
from functools import cache

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from benchmarks.live import stamp
from station.protocol import Frame, FrameHeader

WIDTH, HEIGHT = 1280, 720
LENGTH = 30
"""Frames after which the movement begins anew."""
BAND = 0.75
"""Height, as a share of the picture's, below which it is grey."""
_GREY = 128
_COMPARED = (160, 90)
_CELL = 10  # of the compared picture, px
DAMAGED = 12
"""Levels by which the mean of a cell of a damaged picture differs at least from what was filmed."""

Picture = NDArray[np.uint8]


def portrait() -> Picture:
    """A face in the middle of a 1280x720 RGB picture."""
    picture = np.asarray(skimage.data.astronaut(), np.uint8)  # type: ignore[no-untyped-call]
    picture = np.asarray(cv2.resize(picture, (HEIGHT, HEIGHT)), np.uint8)
    edge = (WIDTH - HEIGHT) // 2
    return np.asarray(cv2.copyMakeBorder(picture, 0, 0, edge, edge, cv2.BORDER_REPLICATE), np.uint8)


@cache
def movement() -> tuple[Picture, ...]:
    """One round of the face's movement, RGB without numbers."""
    turns = [2 * np.pi * n / LENGTH for n in range(LENGTH)]
    moves = [np.array([[1, 0, 8 * np.cos(t)], [0, 1, 5 * np.sin(t)]], np.float32) for t in turns]
    scene = portrait()
    return tuple(
        np.asarray(cv2.warpAffine(scene, move, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8)
        for move in moves
    )


@cache
def _banded() -> tuple[Picture, ...]:
    pictures = tuple(picture.copy() for picture in movement())
    for picture in pictures:
        picture[round(BAND * HEIGHT) :] = _GREY
    return pictures


def picture(number: int) -> Picture:
    """The picture that carries `number`, RGB."""
    filmed = _banded()[number % LENGTH].copy()
    stamp.paint(filmed, number % stamp.NUMBERS)
    return filmed


def frame(number: int) -> Frame:
    """A frame whose `frame_id` is its number, taken when its pixels are there."""
    pixels = picture(number)
    header = FrameHeader(frame_id=number, width=WIDTH, height=HEIGHT, captured_at=time.time())
    return Frame(header, pixels)


@cache
def _small(number: int) -> NDArray[np.float32]:
    return _reduced(_banded()[number])


def _reduced(rgb: Picture) -> NDArray[np.float32]:
    return np.asarray(cv2.resize(rgb, _COMPARED, interpolation=cv2.INTER_AREA), np.float32)


def damage(rgb: Picture, number: int) -> float:
    """Largest difference, in levels, of any cell's mean from the picture of this number, the painted number apart."""
    difference = np.abs(_reduced(rgb) - _small(number % LENGTH)).mean(2)[_CELL:]
    rows, columns = difference.shape
    return float(difference.reshape(rows // _CELL, _CELL, columns // _CELL, _CELL).mean((1, 3)).max())
