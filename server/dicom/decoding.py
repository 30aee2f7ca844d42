"""Pixel data decoded, with every size checked before memory is spent on it."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    JPEG2000,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from server.dicom import rle
from server.dicom.jpeg import jpeg2000_size, jpeg_size
from server.dicom.jpegls import size_of as jpegls_size
from server.errors import BadImage

Picture = NDArray[np.uint8]

NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
"""Transfer syntaxes without compression that are read."""
_LIBRARY = {
    JPEGBaseline8Bit: "pillow",
    JPEG2000: "pillow",
    JPEG2000Lossless: "pillow",
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
}
"""Who decodes. pylibjpeg-libjpeg, which pydicom would ask first where it is installed, believes any size a JPEG declares."""
_CODESTREAM_SIZE: dict[str, Callable[[bytes], tuple[int, int, int]]] = {
    JPEGBaseline8Bit: jpeg_size,
    JPEG2000: jpeg2000_size,
    JPEG2000Lossless: jpeg2000_size,
    JPEGLSLossless: lambda data: jpegls_size(data)[:3],
    JPEGLSNearLossless: lambda data: jpegls_size(data)[:3],
}
COMPRESSED = frozenset(_CODESTREAM_SIZE)
"""Compressed transfer syntaxes whose codestreams declare their size."""
SAMPLES = {"RGB": 3, "YBR_FULL": 3, "YBR_FULL_422": 3, "YBR_RCT": 3, "YBR_ICT": 3, "MONOCHROME2": 1}
"""Photometric interpretations that are read, and their samples."""


def check_pixels(dataset: Dataset, *, max_pixels: int) -> None:
    """Raise `BadImage` unless the pixel data are 8-bit pictures of a kind in `SAMPLES` and as large as declared.

    `max_pixels` is the most of all frames together. A codestream's own frame header must agree; RLE has none, and is
    never inflated beyond its size.
    """
    photometric = str(dataset.get("PhotometricInterpretation", ""))
    if "PixelData" not in dataset:
        raise BadImage("the DICOM file holds no picture")
    if photometric not in SAMPLES or dataset.SamplesPerPixel != SAMPLES[photometric]:
        raise BadImage(f"pixels of {photometric[:16]!r} are not read; convert to RGB")
    if (dataset.BitsAllocated, dataset.BitsStored, dataset.PixelRepresentation) != (8, 8, 0):
        raise BadImage("only pictures of 8 bits unsigned are read")
    rows, columns, frames = int(dataset.Rows), int(dataset.Columns), frames_of(dataset)
    if not 0 < rows * columns * frames <= max_pixels:
        raise BadImage(f"{frames} of {columns}x{rows} is over {max_pixels} pixels")
    _check_data(dataset, rows, columns)


def frames_of(dataset: Dataset) -> int:
    """How many frames an image has."""
    return int(dataset.get("NumberOfFrames") or 1)


def decoded_frames(dataset: Dataset) -> Iterator[Picture]:
    """The frames of checked pixel data one by one: uint8, (H, W, 3) RGB or (H, W)."""
    syntax, samples = dataset.file_meta.TransferSyntaxUID, int(dataset.SamplesPerPixel)
    if syntax == RLELossless:
        for codestream in generate_frames(dataset.PixelData, number_of_frames=frames_of(dataset)):
            picture = rle.decode(codestream, dataset.Rows, dataset.Columns, samples)
            yield _to_rgb(picture, str(dataset.PhotometricInterpretation))
        return
    decoder = get_decoder(syntax)
    for index in range(frames_of(dataset)):
        library = _LIBRARY.get(syntax, "")
        pixels, described = decoder.as_array(dataset, index=index, raw=True, decoding_plugin=library)
        yield _to_rgb(np.ascontiguousarray(pixels, np.uint8), str(described["photometric_interpretation"]))


def _check_data(dataset: Dataset, rows: int, columns: int) -> None:
    syntax, samples = dataset.file_meta.TransferSyntaxUID, int(dataset.SamplesPerPixel)
    if syntax in NATIVE:
        if len(dataset.PixelData) < rows * columns * min(samples, 2) * frames_of(dataset):
            raise BadImage("the pixel data is cut short")
        return
    if syntax == RLELossless:
        return
    for codestream in generate_frames(dataset.PixelData, number_of_frames=frames_of(dataset)):
        found = _CODESTREAM_SIZE[syntax](codestream)
        if found != (rows, columns, samples):
            raise BadImage(f"the compressed picture is {found[1]}x{found[0]}, the file says {columns}x{rows}")


def _to_rgb(pixels: Picture, photometric: str) -> Picture:
    if photometric.startswith("YBR_FULL"):
        # OpenCV holds the chrominance the other way round.
        converted = cv2.cvtColor(np.ascontiguousarray(pixels[:, :, [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
        return np.asarray(converted, np.uint8)
    return pixels
