"""Whether, and how, an earlier picture of a face can be laid over a later one."""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from server.api.offsets import LocalOffsets, local_offsets
from server.api.schemas import StillAlignment
from server.errors import BadImage
from station.protocol import Box, Frame, FrameHeader, Pixels
from station.quality import Registration, register

MAX_OFFSET: Final = 0.02
"""Largest offset of three quarters of the face's parts, as a share of its width: on a face of 150 mm 3 mm."""
LEAST_FOUND: Final = 0.6
"""Least share of the parts of the face that are found again."""
FEWEST_POINTS: Final = 30
LEAST_OVERLAP: Final = 0.6
"""Of the two face boxes once one lies on the other, intersection over union."""
_KEPT = 256

Matrix = NDArray[np.float64]


class Alignments:
    """What was found of pairs of stills; the bytes behind a UID never change, so the last ones are kept."""

    def __init__(self, most: int = _KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], StillAlignment] = OrderedDict()

    def find(self, earlier: str, later: str) -> StillAlignment | None:
        """What is known of a pair."""
        return self._kept.get((earlier, later))

    def keep(self, earlier: str, later: str, found: StillAlignment) -> None:
        """Remember it, and forget the oldest one if there are too many."""
        self._kept[(earlier, later)] = found
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)


@dataclass(frozen=True)
class Side:
    """One still of a pair."""

    path: Path
    """Of its rendition, which may be smaller than the still."""
    face: Box
    """In px of the still."""
    width: int
    """Of the still."""


def align(earlier: Side, later: Side) -> StillAlignment:
    """The similarity that lays one still on another, in px of the stills, or why there is none.

    `reason` is `not_ready` while a rendition is missing. Raises `BadImage` for one that cannot be read.
    """
    pictures = [_picture(side.path) for side in (earlier, later)]
    if any(picture is None for picture in pictures):
        return StillAlignment(good=False, reason="not_ready")
    first, second = (_frame(picture) for picture in pictures if picture is not None)
    shrunk = first.header.width / earlier.width, second.header.width / later.width
    face, earlier_face = later.face.scaled(shrunk[1], shrunk[1]), earlier.face.scaled(shrunk[0], shrunk[0])
    found = register(first, second, face, earlier_face)
    if found is None:
        return StillAlignment(good=False, reason="few_points")
    greys = [
        np.asarray(cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY), np.uint8) for frame in (first, second)
    ]
    offsets = local_offsets(greys[0], greys[1], found.matrix, face)
    matrix = found.matrix.copy()
    matrix[:, :2] *= shrunk[0] / shrunk[1]
    matrix[:, 2] /= shrunk[1]
    reason = _refusal(found, offsets, _overlap(_carried(earlier.face, matrix), later.face))
    return _told(matrix, reason, found, offsets)


def _refusal(found: Registration, offsets: LocalOffsets, overlap: float) -> str:
    """Why one must not be laid over the other; empty: it may."""
    if overlap < LEAST_OVERLAP:
        return "implausible"
    if found.points < FEWEST_POINTS or not offsets.parts:
        return "few_points"
    if len(offsets.found) < LEAST_FOUND * offsets.parts or offsets.usual > MAX_OFFSET:
        return "offset"
    return ""


def _told(matrix: Matrix, reason: str, found: Registration, offsets: LocalOffsets) -> StillAlignment:
    a, b, c, d, e, f = (float(matrix[row, column]) for column in range(3) for row in range(2))
    return StillAlignment(
        good=not reason,
        reason=reason,
        matrix=(a, b, c, d, e, f),
        offset_pct=round(100 * offsets.usual, 2) if offsets.found else None,
        points=found.points,
        turn_deg=round(found.turn, 2),
        scale=round(float(np.hypot(a, b)), 4),
    )


def _picture(path: Path) -> NDArray[np.uint8] | None:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if bgr is None:
        raise BadImage(f"{path.name} in the archive cannot be read; run the analysis of this still again")
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _frame(picture: Pixels) -> Frame:
    height, width = picture.shape[:2]
    return Frame(FrameHeader(frame_id=0, width=width, height=height), picture)


def _carried(box: Box, matrix: Matrix) -> NDArray[np.float32]:
    """The corners of a box of the earlier still, in the later one."""
    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64)
    return np.asarray(corners @ matrix[:, :2].T + matrix[:, 2], np.float32)


def _overlap(corners: NDArray[np.float32], box: Box) -> float:
    """Intersection over union of a turned box and an upright one."""
    x, y, width, height = box.x, box.y, box.width, box.height
    upright = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], np.float32)
    shared, _ = cv2.intersectConvexConvex(corners, upright)
    whole = cv2.contourArea(corners) + width * height - shared
    return float(shared) / whole if whole > 0 else 0.0
