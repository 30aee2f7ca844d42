"""The photographs of a report as small JPEGs, what was found drawn on them."""

import logging
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.encaps import get_frame

from server.dicom import read_header
from server.errors import BadImage
from server.signing.sheet import Photograph
from server.store import Archive

log = logging.getLogger(__name__)

SIDE = 900
"""Longer side at most, px: 250 to 400 to the inch as they are laid out."""
_QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 84]


def small_pictures(archive: Archive, photographs: tuple[Photograph, ...]) -> dict[str, bytes]:
    """JPEGs by SOP Instance UID; none of what is not there or cannot be read."""
    found = {one.sop_instance_uid: _picture(archive, one) for one in photographs}
    return {uid: _small(picture) for uid, picture in found.items() if picture is not None}


def _picture(archive: Archive, one: Photograph) -> NDArray[np.uint8] | None:
    """The overlay without its legend, or else the plain photograph; BGR."""
    for path, read in ((one.overlay, _frame), (one.rendition, Path.read_bytes)):
        try:
            data = read(archive.resolve(path)) if path else b""
        except (BadImage, OSError) as error:
            log.warning("a report goes without a picture", extra={"cause": str(error)})
            continue
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
        if decoded is not None:
            picture = np.asarray(decoded, np.uint8)
            whole = picture[: max(1, round(picture.shape[1] * one.height / max(one.width, 1)))]
            return _cut(whole, one.part)
    return None


def _cut(picture: NDArray[np.uint8], part: tuple[float, float, float, float]) -> NDArray[np.uint8]:
    """At least one px of each side."""
    height, width = picture.shape[:2]
    left, right = min(round(part[0] * width), width - 1), round(part[2] * width)
    top, bottom = min(round(part[1] * height), height - 1), round(part[3] * height)
    return picture[top : max(bottom, top + 1), left : max(right, left + 1)]


def _frame(path: Path) -> bytes:
    """The JPEG of a derived photograph."""
    overlay = read_header(path, stop_before_pixels=False)
    try:
        frame: bytes = get_frame(overlay.PixelData, 0, number_of_frames=1)
    except (AttributeError, ValueError) as error:
        raise BadImage(f"{path.name} is damaged: {type(error).__name__}") from error
    return frame


def _small(picture: NDArray[np.uint8]) -> bytes:
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    _, data = cv2.imencode(".jpg", cv2.resize(picture, size, interpolation=cv2.INTER_AREA), _QUALITY)
    return data.tobytes()
