"""Other people's DICOM photographs, read with every size checked before memory is spent on it."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.uid import ImplicitVRLittleEndian

from server.dicom.decoding import COMPRESSED, NATIVE, check_pixels, decoded_frames, frames_of
from server.dicom.icc import is_rgb_profile, srgb_profile
from server.dicom.origin import Origin, read_origin
from server.errors import BadImage

MAX_FILE_BYTES = 512 * 1024 * 1024
"""Largest file that is read."""
MAX_PHOTO_PIXELS = 100_000_000
"""Largest picture that is decoded, px."""


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
        _check(dataset, max_pixels)
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
    if syntax not in NATIVE and syntax not in COMPRESSED:
        raise BadImage(
            f"transfer syntax {syntax!r} is not read; convert to Explicit VR Little Endian or JPEG"
        )
    dataset = read_dataset(stream, syntax == ImplicitVRLittleEndian, True)
    dataset.file_meta = FileMetaDataset(meta)
    return dataset


def _check(dataset: Dataset, max_pixels: int) -> None:
    if frames_of(dataset) != 1:
        raise BadImage("only single pictures are read, this file holds several")
    check_pixels(dataset, max_pixels=max_pixels)


def _photo(dataset: Dataset) -> PhotoFile:
    (pixels,) = decoded_frames(dataset)
    rgb = pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    return PhotoFile(
        srgb=_to_srgb(rgb, bytes(dataset.get("ICCProfile") or b"")),
        sop_class_uid=str(dataset.get("SOPClassUID", "")),
        sop_instance_uid=str(dataset.get("SOPInstanceUID", "")),
        lossy=str(dataset.get("LossyImageCompression", "")) == "01",
        manufacturer=str(dataset.get("Manufacturer") or "")[:64],
        model=str(dataset.get("ManufacturerModelName") or "")[:64],
        origin=read_origin(dataset),
    )


def _to_srgb(rgb: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    if not profile or profile == srgb_profile():
        return rgb
    if not is_rgb_profile(profile[: int.from_bytes(profile[:4])]):
        raise BadImage("the colour profile is damaged or not of RGB")
    converted = ImageCms.profileToProfile(
        Image.fromarray(rgb), io.BytesIO(profile), io.BytesIO(srgb_profile()), inPlace=False
    )
    return np.asarray(converted, np.uint8)
