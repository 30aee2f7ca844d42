"""Where the face is: the frontal LBP cascade that scikit-image carries, on a reduced copy."""

import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.data import lbp_frontal_face_cascade_filename
from skimage.feature import Cascade

from station.protocol import Box, Face

Srgb = NDArray[np.uint8]
"""(H, W, 3)."""


@dataclass(frozen=True)
class _Pass:
    """One search: faces of a range of widths on a copy of a size, all as px of the longer side of that copy."""

    side: int
    smallest: int
    largest: int


_PASSES = (_Pass(side=450, smallest=90, largest=450), _Pass(side=270, smallest=24, largest=60))
"""Large faces first; small ones only where there is no large one."""
_SCALE_STEP = 1.2
_thread = threading.local()


def find_face(srgb: Srgb) -> Face | None:
    """The largest frontal face of a picture (height, width, 3), upright within some 15 degrees; None if there is none.

    Local binary patterns in a boosted cascade (Liao 2007). Boxes whose centres are within half a width are one face, and the
    largest of them is its box. May be called from several threads at once.
    """
    faces = find_faces(srgb)
    return faces[0] if faces else None


def find_faces(srgb: Srgb) -> tuple[Face, ...]:
    """Every face of a picture, the largest first; faces under a fifth of its longer side only where there is no larger."""
    for search in _PASSES:
        if faces := _search(srgb, search):
            return faces
    return ()


def _search(srgb: Srgb, search: _Pass) -> tuple[Face, ...]:
    scale = min(1.0, search.side / max(srgb.shape[:2]))
    grey = _reduced_grey(srgb, scale)
    largest = min(search.largest, *grey.shape)
    if largest < search.smallest:
        return ()
    found = _cascade().detect_multi_scale(
        img=grey,
        scale_factor=_SCALE_STEP,
        step_ratio=1,
        min_size=(search.smallest, search.smallest),
        max_size=(largest, largest),
    )
    boxes = [Box(int(hit["c"]), int(hit["r"]), int(hit["width"]), int(hit["height"])) for hit in found]
    return tuple(Face(box=box.scaled(1 / scale, 1 / scale)) for box in merged(boxes))


def merged(boxes: list[Box]) -> Iterator[Box]:
    """One box per face, the largest first: a box whose centre is within half the width of a larger one is part of it."""
    kept: list[Box] = []
    for box in sorted(boxes, key=lambda box: box.width, reverse=True):
        if not any(_distance(box, larger) <= larger.width / 2 for larger in kept):
            kept.append(box)
            yield box


def _distance(first: Box, second: Box) -> float:
    across = first.x + first.width / 2 - second.x - second.width / 2
    down = first.y + first.height / 2 - second.y - second.height / 2
    return math.hypot(across, down)


def _reduced_grey(srgb: Srgb, scale: float) -> NDArray[np.uint8]:
    if scale < 1:
        srgb = np.asarray(cv2.resize(srgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.cvtColor(srgb, cv2.COLOR_RGB2GRAY), np.uint8)


def _cascade() -> Cascade:
    """The cascade of this thread: it keeps the picture it searches in itself."""
    cascade = getattr(_thread, "cascade", None)
    if cascade is None:
        cascade = _thread.cascade = Cascade(lbp_frontal_face_cascade_filename())  # type: ignore[no-untyped-call]
    return cascade
