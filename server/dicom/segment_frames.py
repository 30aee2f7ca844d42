"""The frames of segmentation objects as pixel data: one bit a pixel, eight bits of certainty, or the number of a class."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate

from server.dicom import rle
from server.dicom.segments import Segment


def check_sizes(segments: Sequence[Segment], rows: int, columns: int) -> None:
    """Raise `ValueError` for no segments or a mask of another size."""
    if not segments:
        raise ValueError("a segmentation needs at least one segment")
    for segment in segments:
        if segment.mask.shape != (rows, columns):
            raise ValueError(
                f"mask of {segment.label!r} is {segment.mask.shape}, the photo {(rows, columns)}"
            )


def binary(segments: Sequence[Segment]) -> bytes:
    """The frames one after the other, one bit a pixel, the first pixel lowest; the last byte is filled up."""
    size = segments[0].mask.size
    if size % 8 == 0:
        data = b"".join(_bits(np.not_equal(segment.mask, 0)) for segment in segments)
    else:  # a frame begins within a byte
        data = _bits(np.concatenate([np.not_equal(segment.mask, 0).ravel() for segment in segments]))
    return data + b"\x00" * (len(data) % 2)


def fractional(segments: Sequence[Segment]) -> bytes:
    """The frames as RLE codestreams, encapsulated."""
    return encapsulate([rle.encode(_certainty(segment.mask)) for segment in segments])


def classes(segments: Sequence[Segment]) -> bytes:
    """One frame of the numbers of the segments, an RLE codestream, encapsulated.

    Raises `ValueError` where two share a pixel or there are more than 255.
    """
    if len(segments) > 255:
        raise ValueError("a label map of 8 bits holds 255 segments")
    numbers = np.zeros(segments[0].mask.shape, np.uint8)
    for number, segment in enumerate(segments, start=1):
        inside = np.not_equal(segment.mask, 0)
        if numbers[inside].any():
            raise ValueError(f"{segment.label!r} overlaps another segment; a label map holds one per pixel")
        numbers[inside] = number
    return encapsulate([rle.encode(numbers)])


def put(segmentation: Dataset, data: bytes, *, encapsulated: bool) -> None:
    """Give a segmentation its pixel data."""
    segmentation.add_new("PixelData", "OB", data)
    segmentation["PixelData"].is_undefined_length = encapsulated


def _bits(mask: NDArray[np.bool_]) -> bytes:
    return np.packbits(mask, bitorder="little").tobytes()


def _certainty(mask: NDArray[np.bool_] | NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(mask if mask.dtype == np.uint8 else np.where(mask, 255, 0), np.uint8)
