"""Objects of the archive as pictures for display (PS3.18 section 8.3.5); run in the process of `objects`."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from server.dicom import read_photo
from server.dicomweb.errors import NotAcceptable
from server.dicomweb.objects import plain_frame, readable


@dataclass(frozen=True)
class Picture:
    """How a picture is to be rendered (PS3.18 section 8.3.5)."""

    media_type: str = "image/jpeg"
    quality: int = 90
    width: int = 0
    """Of the viewport, px; 0: that of the picture."""
    height: int = 0
    part: tuple[int, int, int, int] | None = None
    """Left, top, width and height of what is shown, px of the picture."""


def rendered(path: Path, small: Path | None, frame: int, wanted: Picture) -> bytes:
    """A frame for display; `small` is a JPEG of the same picture, taken where it is large enough.

    Raises `NotAcceptable` for an object without pixels, `KeyError` for a number that it has no frame of.
    """
    pixels = _small_enough(small, wanted) if frame == 1 else None
    pixels = _displayed(path, frame) if pixels is None else pixels
    pixels = _scaled(_cut(pixels, wanted.part), wanted)
    if pixels.ndim == 3:
        pixels = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), np.uint8)
    jpeg = wanted.media_type == "image/jpeg"
    options = [cv2.IMWRITE_JPEG_QUALITY, wanted.quality] if jpeg else [cv2.IMWRITE_PNG_COMPRESSION, 3]
    return cv2.imencode(".jpg" if jpeg else ".png", pixels, options)[1].tobytes()


def _small_enough(small: Path | None, wanted: Picture) -> NDArray[np.uint8] | None:
    if small is None or not wanted.width or wanted.part is not None or not small.is_file():
        return None
    bgr = cv2.imread(str(small), cv2.IMREAD_COLOR)
    if bgr is None or (bgr.shape[1] < wanted.width and bgr.shape[0] < wanted.height):
        return None
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _displayed(path: Path, frame: int) -> NDArray[np.uint8]:
    header = readable(path)
    if "Rows" not in header:
        raise NotAcceptable("this object holds no picture to render")
    if not 1 <= frame <= int(header.get("NumberOfFrames") or 1):
        raise KeyError(frame)
    if header.get("BitsAllocated") != 1 and "SegmentSequence" not in header:
        return read_photo(path).srgb
    dataset = readable(path, pixels=True)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        raise NotAcceptable("masks in this transfer syntax are not rendered")
    values = np.frombuffer(plain_frame(dataset, frame), np.uint8)
    if dataset.BitsAllocated == 1:
        values = np.unpackbits(values, bitorder="little") * np.uint8(255)
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    return np.ascontiguousarray(values[: rows * columns].reshape(rows, columns), np.uint8)


def _cut(pixels: NDArray[np.uint8], part: tuple[int, int, int, int] | None) -> NDArray[np.uint8]:
    if part is None:
        return pixels
    left, top, width, height = part
    cut = pixels[top : top + height, left : left + width]
    if not cut.size:
        raise NotAcceptable("the part lies outside of the picture")
    return np.ascontiguousarray(cut)


def _scaled(pixels: NDArray[np.uint8], wanted: Picture) -> NDArray[np.uint8]:
    rows, columns = pixels.shape[:2]
    scale = min(wanted.width / columns, wanted.height / rows) if wanted.width else 1.0
    if scale >= 1:
        return pixels
    size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
