"""A picture as grey lines, to lay over the preview of a later visit."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Face, Frame
from station.quality import develop

MAX_WIDTH = 640
"""Of a drawing, px."""
_GREY = 232
_FINE, _COARSE = 1.2, 2.4
"""Standard deviations in px of the two blurs whose difference is the lines (Marr and Hildreth 1980)."""
_FAINTEST, _FULL = 1.5, 9.0
"""Differences in grey levels that begin to show, and that are fully opaque."""
_AROUND = 0.6
"""What is drawn around the face's box, as a share of its size."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """What is kept of one white still."""

    png: bytes
    """Grey lines on transparency, at most `MAX_WIDTH` wide, with the field of the preview."""
    face: Face | None
    """In px of the still."""
    width: int
    height: int
    """Size of the still, px."""


def draw(frame: Frame, face: Face | None, field: tuple[int, int] | None = None) -> Drawing:
    """The drawing of a still; `field` is the preview's width and height, which shows the whole still, letterboxed.

    Without a field it has the still's own. With a face only it and what is around it are drawn.
    """
    height, width = frame.pixels.shape[:2]
    across, down = field or (width, height)
    canvas_width = min(MAX_WIDTH, across)
    canvas_height = max(1, round(canvas_width * down / across))
    scale = min(canvas_width / width, canvas_height / height)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(develop(frame), size, interpolation=cv2.INTER_AREA)
    lines = _lines(np.asarray(small, np.uint8))
    if face is not None:
        lines = _around(lines, face, scale)
    canvas = np.zeros((canvas_height, canvas_width, 4), np.uint8)
    canvas[..., :3] = _GREY
    top, left = (canvas_height - size[1]) // 2, (canvas_width - size[0]) // 2
    canvas[top : top + size[1], left : left + size[0], 3] = lines
    ok, data = cv2.imencode(".png", canvas, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert ok
    return Drawing(data.tobytes(), face, width, height)


def _lines(srgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Opacity of the dark lines, 0 to 255; contrast is equalised, so that no tone of skin is drawn fainter."""
    grey = cv2.cvtColor(srgb, cv2.COLOR_RGB2GRAY)
    even = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(grey).astype(np.float32)
    dark = cv2.GaussianBlur(even, (0, 0), _COARSE) - cv2.GaussianBlur(even, (0, 0), _FINE)
    opaque = np.clip((dark - _FAINTEST) / (_FULL - _FAINTEST), 0, 1)
    return np.asarray(np.round(255 * opaque), np.uint8)


def _around(lines: NDArray[np.uint8], face: Face, scale: float) -> NDArray[np.uint8]:
    box = face.box.scaled(scale, scale)
    more_x, more_y = round(_AROUND * box.width), round(_AROUND * box.height)
    top, left = max(box.y - more_y, 0), max(box.x - more_x, 0)
    rows, columns = slice(top, box.y + box.height + more_y), slice(left, box.x + box.width + more_x)
    kept = np.zeros_like(lines)
    kept[rows, columns] = lines[rows, columns]
    return kept
