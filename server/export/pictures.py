"""Pixel data of exported objects: codestreams without metadata, photographs and masks with the hidden parts blacked out."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, ExplicitVRLittleEndian, JPEGBaseline8Bit, JPEGLSLossless

from server.dicom import jpegls, read_photo
from server.dicom.icc import srgb_profile
from server.dicom.jpeg import parse_baseline
from server.errors import BadImage
from server.export.colour_profile import without_words
from server.export.masking import Part

_SOS, _EOI = 0xDA, b"\xff\xd9"
_COMMENT = 0xFE
_APPLICATION = range(0xE0, 0xF0)


def keep_photo(made: Dataset, source: Dataset, path: Path) -> None:
    """Give the exported photograph the same codestream, without its metadata; raises `BadImage`."""
    syntax = source.file_meta.TransferSyntaxUID
    if syntax not in {JPEGLSLossless, JPEGBaseline8Bit}:
        _set_rgb(made, read_photo(path).srgb)
        return
    codestream: bytes = get_frame(source.PixelData, 0, number_of_frames=1)
    clean = jpegls_only(codestream) if syntax == JPEGLSLossless else parse_baseline(codestream).codestream
    _set_frame(made, clean, syntax)


def set_part(made: Dataset, source: Dataset, srgb: NDArray[np.uint8], part: Part) -> None:
    """Give the exported photograph the part of its picture `srgb` (H, W, 3), lossless; one that was lossily compressed goes on saying so."""
    _set_rgb(made, part.of(srgb))
    made.ImageType = ["DERIVED", *list(source.ImageType)[1:]]


def set_segments(made: Dataset, source: Dataset, part: Part | None) -> None:
    """Give the exported segmentation its frames, or the part of each, uncompressed; raises `BadImage`."""
    if part is not None:
        made.Rows, made.Columns = part.window.height, part.window.width
    planes = (plane if part is None else part.of(plane) for plane in _planes(source))
    data = _packed(planes) if source.BitsAllocated == 1 else b"".join(plane.tobytes() for plane in planes)
    made.PixelData = data + bytes(len(data) % 2)
    made["PixelData"].VR = "OB" if source.BitsAllocated == 1 else "OW"
    made.file_meta.TransferSyntaxUID = UID(ExplicitVRLittleEndian)


def jpegls_only(codestream: bytes) -> bytes:
    """A JPEG-LS codestream without comments, application data and what follows its end; raises `BadImage`."""
    jpegls.size_of(codestream)
    kept, position = [codestream[:2]], 2
    while position + 4 <= len(codestream) and codestream[position] == 0xFF:
        marker = codestream[position + 1]
        end = position + 2 + int.from_bytes(codestream[position + 2 : position + 4])
        if marker == _SOS:
            last = codestream.find(_EOI, end)
            if last < 0:
                break
            return b"".join((*kept, codestream[position : last + 2]))
        if marker not in _APPLICATION and marker != _COMMENT:
            kept.append(codestream[position:end])
        position = end
    raise BadImage("the JPEG-LS codestream is damaged; let the photo be made anew")


def _set_rgb(made: Dataset, srgb: NDArray[np.uint8]) -> None:
    made.Rows, made.Columns = srgb.shape[:2]
    made.SamplesPerPixel, made.PlanarConfiguration = 3, 0
    made.PhotometricInterpretation = "RGB"
    made.ICCProfile, made.ColorSpace = without_words(srgb_profile()), "SRGB"
    _set_frame(made, jpegls.encode(srgb), JPEGLSLossless)


def _set_frame(made: Dataset, codestream: bytes, syntax: str) -> None:
    made.PixelData = encapsulate([codestream])
    made["PixelData"].VR = "OB"
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = UID(syntax)


def _planes(source: Dataset) -> Iterator[NDArray[np.uint8]]:
    """The frames of a segmentation one by one, (H, W)."""
    rows, columns, count = int(source.Rows), int(source.Columns), int(source.NumberOfFrames)
    if source.BitsAllocated != 1:
        for index in range(count):
            yield np.asarray(pixel_array(source, index=index), np.uint8)
        return
    size, packed = rows * columns, np.frombuffer(source.PixelData, np.uint8)
    if packed.size * 8 < size * count:
        raise BadImage("the segmentation's frames are cut short; let it be made anew")
    for start in range(0, size * count, size):
        within = packed[start // 8 : (start + size + 7) // 8]
        bits = np.unpackbits(within, bitorder="little")[start % 8 : start % 8 + size]
        yield bits.reshape(rows, columns)


def _packed(planes: Iterable[NDArray[np.uint8]]) -> bytes:
    """Frames of one bit, one after the other without a gap (PS3.5 section 8.1.1)."""
    data, rest = bytearray(), np.empty(0, np.uint8)
    for plane in planes:
        bits = np.concatenate((rest, plane.ravel()))
        whole = bits.size // 8 * 8
        data += np.packbits(bits[:whole], bitorder="little").tobytes()
        rest = bits[whole:]
    return bytes(data + np.packbits(rest, bitorder="little").tobytes())
