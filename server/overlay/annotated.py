"""A picture for people who have nothing but the picture: what was found outlined on it, and below it what each outline means."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from server.overlay.render import COLOURS, render
from station.protocol import Layer

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_] | NDArray[np.uint8]

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_INK, _PAPER = (32, 32, 32), (255, 255, 255)
_LINES_PER_SIDE = 40
"""Lines of text that the longer side of the picture would hold."""


@dataclass(frozen=True, eq=False)
class Mark:
    """Something found."""

    label: str
    """ASCII."""
    colour: tuple[int, int, int]
    """sRGB."""
    mask: Mask
    """Of the picture's size; nonzero: found."""


def annotated(
    srgb: Picture, skin: Picture | None, marks: Sequence[Mark], lines: Sequence[str], *, side: int
) -> tuple[Picture, float]:
    """A copy of `srgb`, its longer side at most `side`, with outlines of the skin and of every mark, and its scale.

    Below the picture, which nothing written covers, stand the names of the outlines and `lines` (ASCII).
    """
    height, width = srgb.shape[:2]
    scale = min(1.0, side / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    reduced = cv2.resize(srgb, size, interpolation=cv2.INTER_AREA) if scale < 1 else srgb
    picture = np.array(reduced, np.uint8)
    names = [(mark.label, mark.colour) for mark in marks]
    if skin is not None and skin.any():
        layers = {Layer.SKIN: np.asarray(cv2.resize(skin, size, interpolation=cv2.INTER_AREA), np.uint8)}
        picture = render(picture, layers, shown=(Layer.SKIN,))
        names.insert(0, ("Skin that was examined", COLOURS[Layer.SKIN]))
    for mark in marks:
        _outline(picture, mark, size)
    return np.vstack([picture, _legend(size[0], max(size), names, lines)]), scale


def _outline(picture: Picture, mark: Mark, size: tuple[int, int]) -> None:
    mask = cv2.resize(np.not_equal(mark.mask, 0).view(np.uint8), size, interpolation=cv2.INTER_AREA)
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(picture, outlines, -1, mark.colour, max(1, round(max(size) / 1200)), cv2.LINE_AA)


def _legend(
    width: int, side: int, names: Sequence[tuple[str, tuple[int, int, int]]], lines: Sequence[str]
) -> Picture:
    """A strip of text: each name after a square of its colour, then the lines; smaller letters where they are too wide."""
    row = max(8, round(side / _LINES_PER_SIDE))
    strip = np.full(((len(names) + len(lines) + 1) * row, width, 3), _PAPER, np.uint8)
    for number, (name, colour) in enumerate(names):
        top = row // 2 + number * row
        cv2.rectangle(strip, (row // 2, top + row // 6), (row, top + row * 5 // 6), colour, cv2.FILLED)
        _write(strip, name, (row * 3 // 2, top), row)
    for number, line in enumerate(lines, start=len(names)):
        _write(strip, line, (row // 2, row // 2 + number * row), row)
    return strip


def _write(strip: Picture, text: str, at: tuple[int, int], row: int) -> None:
    (width, _), _ = cv2.getTextSize(text, _FONT, row / 40, 1)
    letters = row / 40 * min(1.0, (strip.shape[1] - at[0] - row // 2) / max(width, 1))
    cv2.putText(
        strip, text, (at[0], at[1] + row * 3 // 4), _FONT, letters, _INK, max(1, row // 24), cv2.LINE_AA
    )
