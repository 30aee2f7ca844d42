"""Other people's DICOM photographs, read with every size checked before memory is spent on it."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_dataset
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    JPEG2000,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    JPEGLSNearLossless,
)

from server.dicom.icc import is_rgb_profile, srgb_profile
from server.dicom.jpeg import jpeg2000_size, jpeg_size
from server.dicom.jpegls import size_of as jpegls_size
from server.dicom.origin import Origin, read_origin
from server.errors import BadImage

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Largest file that is read."""
MAX_PHOTO_PIXELS = 100_000_000
"""Largest picture that is decoded, px."""

_NATIVE = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
_CODESTREAM_SIZE: dict[str, Callable[[bytes], tuple[int, int, int]]] = {
    JPEGBaseline8Bit: jpeg_size,
    JPEG2000: jpeg2000_size,
    JPEG2000Lossless: jpeg2000_size,
    JPEGLSLossless: lambda data: jpegls_size(data)[:3],
    JPEGLSNearLossless: lambda data: jpegls_size(data)[:3],
}
_PHOTOMETRIC = {"RGB": 3, "YBR_FULL": 3, "YBR_FULL_422": 3, "YBR_RCT": 3, "YBR_ICT": 3, "MONOCHROME2": 1}


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoFile:
    """A photograph's picture, and what its file says that analysis may use."""

    srgb: NDArray[np.uint8]
    """(H, W, 3)."""
    sop_class_uid: str
    sop_instance_uid: str
    lossy: bool
    """Whether the pixels were ever lossily compressed."""
    manufacturer: str = ""
    model: str = ""
    origin: Origin | None = None


def read_photo(
    source: Path | bytes, *, max_bytes: int = MAX_FILE_BYTES, max_pixels: int = MAX_PHOTO_PIXELS
) -> PhotoFile:
    """The single-frame 8-bit photograph in a DICOM file.

    RGB, YBR_FULL, YBR_FULL_422 and MONOCHROME2 are read, uncompressed (little endian) or as JPEG baseline, JPEG-LS or
    JPEG 2000; a colour profile is applied. Raises `BadImage` for everything else, with the reason. Memory is bounded by
    `max_bytes` and ten times `max_pixels`.
    """
    data = _bytes(source, max_bytes)
    if data[128:132] != b"DICM":
        raise BadImage("not a DICOM file: the DICM prefix is missing")
    try:
        dataset = _dataset(data)
        _check_pixel_description(dataset, max_pixels)
        return _photo(dataset)
    except BadImage:
        raise
    except Exception as error:  # the boundary to files that may hold anything
        raise BadImage(f"the DICOM file is damaged: {type(error).__name__}") from error


def _bytes(source: Path | bytes, max_bytes: int) -> bytes:
    if isinstance(source, Path):
        with open(source, "rb") as file:
            source = file.read(max_bytes + 1)
    if len(source) > max_bytes:
        raise BadImage(f"the file is over {max_bytes} bytes")
    return source


def _dataset(data: bytes) -> Dataset:
    """Parse without ever inflating: the transfer syntax is judged before the data set is read."""
    stream = io.BytesIO(data)
    stream.seek(132)
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
    syntax = str(meta.get("TransferSyntaxUID", ""))
    if syntax not in _NATIVE and syntax not in _CODESTREAM_SIZE:
        raise BadImage(
            f"transfer syntax {syntax!r} is not read; convert to Explicit VR Little Endian or JPEG"
        )
    dataset = read_dataset(stream, syntax == ImplicitVRLittleEndian, True)
    dataset.file_meta = FileMetaDataset(meta)
    return dataset


def _check_pixel_description(dataset: Dataset, max_pixels: int) -> None:
    photometric = str(dataset.get("PhotometricInterpretation", ""))
    if "PixelData" not in dataset:
        raise BadImage("the DICOM file holds no picture")
    if photometric not in _PHOTOMETRIC or dataset.SamplesPerPixel != _PHOTOMETRIC[photometric]:
        raise BadImage(f"pixels of {photometric[:16]!r} are not read; convert to RGB")
    if (dataset.BitsAllocated, dataset.BitsStored, dataset.PixelRepresentation) != (8, 8, 0):
        raise BadImage("only pictures of 8 bits unsigned are read")
    if int(dataset.get("NumberOfFrames") or 1) != 1:
        raise BadImage("only single pictures are read, this file holds several")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if not 0 < rows * columns <= max_pixels:
        raise BadImage(f"{columns}x{rows} is over {max_pixels} pixels")
    _check_pixel_data(dataset, rows, columns)


def _check_pixel_data(dataset: Dataset, rows: int, columns: int) -> None:
    syntax, samples = dataset.file_meta.TransferSyntaxUID, int(dataset.SamplesPerPixel)
    if syntax in _NATIVE:
        if len(dataset.PixelData) < rows * columns * min(samples, 2):
            raise BadImage("the pixel data is cut short")
        return
    found = _CODESTREAM_SIZE[syntax](get_frame(dataset.PixelData, 0, number_of_frames=1))
    if found != (rows, columns, samples):
        raise BadImage(f"the compressed picture is {found[1]}x{found[0]}, the file says {columns}x{rows}")


def _photo(dataset: Dataset) -> PhotoFile:
    pixels, described = get_decoder(dataset.file_meta.TransferSyntaxUID).as_array(dataset, raw=True)
    srgb = _to_rgb(np.ascontiguousarray(pixels, np.uint8), str(described["photometric_interpretation"]))
    return PhotoFile(
        srgb=_to_srgb(srgb, bytes(dataset.get("ICCProfile") or b"")),
        sop_class_uid=str(dataset.get("SOPClassUID", "")),
        sop_instance_uid=str(dataset.get("SOPInstanceUID", "")),
        lossy=str(dataset.get("LossyImageCompression", "")) == "01",
        manufacturer=str(dataset.get("Manufacturer") or "")[:64],
        model=str(dataset.get("ManufacturerModelName") or "")[:64],
        origin=read_origin(dataset),
    )


def _to_rgb(pixels: NDArray[np.uint8], photometric: str) -> NDArray[np.uint8]:
    if photometric == "MONOCHROME2":
        return np.repeat(pixels[:, :, None], 3, axis=2)
    if photometric.startswith("YBR_FULL"):
        # OpenCV holds the chrominance the other way round.
        converted = cv2.cvtColor(np.ascontiguousarray(pixels[:, :, [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
        return np.asarray(converted, np.uint8)
    return pixels


def _to_srgb(rgb: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    if not profile or profile == srgb_profile():
        return rgb
    if not is_rgb_profile(profile[: int.from_bytes(profile[:4])]):
        raise BadImage("the colour profile is damaged or not of RGB")
    converted = ImageCms.profileToProfile(
        Image.fromarray(rgb), io.BytesIO(profile), io.BytesIO(srgb_profile()), inPlace=False
    )
    return np.asarray(converted, np.uint8)
