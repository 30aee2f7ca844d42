"""How far the parts of a face stay apart once one picture lies on another: a look that owes nothing to how it was laid."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Box

WORKING_WIDTH: Final = 384
"""Of the face, px."""
_TILES = 5
"""Along each side of the face; the ones at the rim, which hair and background reach into, are left out."""
_REACH = 0.05
"""How far a part is sought around its place, as a share of the face's width."""
_ALIKE = 0.5
"""Least correlation of two parts that are taken to be the same skin."""
_FEATURES = 4.0
"""Least standard deviation of grey levels of a part that shows anything at all."""

Grey = NDArray[np.uint8]


@dataclass(frozen=True)
class LocalOffsets:
    """What the parts of a face tell."""

    found: tuple[float, ...]
    """Offset of every part that was found again, as a share of the face's width."""
    parts: int
    """That show anything."""

    @property
    def usual(self) -> float:
        """The offset that three quarters of the parts found stay under."""
        return float(np.percentile(self.found, 75)) if self.found else float("inf")


def local_offsets(earlier: Grey, later: Grey, matrix: NDArray[np.float64], face: Box) -> LocalOffsets:
    """Where the parts of a face lie after `matrix` (2, 3) has laid the earlier picture on the later one.

    Normalised correlation of each part with its surroundings; `face` is in px of the later picture.
    """
    shrink = WORKING_WIDTH / max(face.width, 1)
    onto = np.array([[shrink, 0, -face.x * shrink], [0, shrink, -face.y * shrink]])
    size = WORKING_WIDTH, max(round(face.height * shrink), _TILES)
    laid = onto @ np.vstack([matrix, (0, 0, 1)])
    first, second = (
        np.asarray(
            cv2.GaussianBlur(cv2.warpAffine(grey, place, size, flags=cv2.INTER_AREA), (0, 0), 1.5), np.uint8
        )
        for grey, place in ((earlier, laid), (later, onto))
    )
    found, parts = [], 0
    for tile in _tiles(*size):
        part = second[tile]
        if part.std() < _FEATURES:
            continue
        parts += 1
        offset = _offset(first, part, tile)
        if offset is not None:
            found.append(offset / WORKING_WIDTH)
    return LocalOffsets(tuple(found), parts)


def _tiles(width: int, height: int) -> Iterator[tuple[slice, slice]]:
    side, tall = width // _TILES, height // _TILES
    for row in range(1, _TILES - 1):
        for column in range(1, _TILES - 1):
            yield slice(row * tall, (row + 1) * tall), slice(column * side, (column + 1) * side)


def _offset(picture: Grey, part: Grey, tile: tuple[slice, slice]) -> float | None:
    """Px from its place to where the part is most alike; None: nowhere near."""
    reach = round(_REACH * WORKING_WIDTH)
    rows, columns = tile
    top, left = max(rows.start - reach, 0), max(columns.start - reach, 0)
    around = picture[top : rows.stop + reach, left : columns.stop + reach]
    alike = cv2.matchTemplate(around, part, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(alike)
    if best < _ALIKE:
        return None
    return float(np.hypot(left + x - columns.start, top + y - rows.start))
