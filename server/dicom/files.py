"""DICOM files on disk: written whole and durable, read back to prove what they hold."""

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.filereader import read_dataset
from pydicom.uid import JPEGLSLossless, RLELossless

from server.dicom import jpegls
from server.dicom.decoding import COMPRESSED, NATIVE
from server.durable import write_file
from server.errors import BadImage

ARCHIVED = frozenset({*NATIVE, *COMPRESSED, RLELossless})
"""Transfer syntaxes of the archive's objects."""
_META_BYTES = 1 << 16


def write(dataset: Dataset, path: Path) -> str:
    """Put an object at `path`, whole, durable or not at all, and return the SHA-256 of the file as hex.

    The preamble is zero. Raises `StorageFull`.
    """
    data = encoded(dataset)
    write_file(path, data)
    return hashlib.sha256(data).hexdigest()


def encoded(dataset: Dataset) -> memoryview:
    """The bytes of the file (PS3.10) of an object."""
    dataset.preamble = bytes(128)
    buffer = BytesIO()
    pydicom.dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getbuffer()


def decoded_pixels_sha256(path: Path) -> str:
    """What `prove_photo` gives, decoded here: holds the interpreter lock, about 50 ms per megapixel."""
    codestream = jpegls_codestream(path)
    rows, columns = jpegls.size_of(codestream)[:2]
    pixels = jpegls.decode(codestream, rows, columns)
    return hashlib.sha256(np.ascontiguousarray(pixels).data).hexdigest()


def jpegls_codestream(path: Path) -> bytes:
    """The codestream of a photo that `build_photo` made, its size checked; raises `BadImage`."""
    photo = read_header(path, stop_before_pixels=False)
    try:
        return _codestream(photo)
    except BadImage:
        raise
    except Exception as error:  # the boundary to files that may be damaged in any way
        raise BadImage(f"{path.name} is damaged: {type(error).__name__}") from error


def _codestream(photo: Dataset) -> bytes:
    if photo.file_meta.TransferSyntaxUID != JPEGLSLossless:
        raise BadImage("the photo's pixels are not JPEG-LS lossless")
    codestream: bytes = get_frame(photo.PixelData, 0, number_of_frames=1)
    if jpegls.size_of(codestream) != (photo.Rows, photo.Columns, 3, 8):
        raise BadImage("the photo's codestream is of another size than the photo")
    return codestream


def read_header(path: Path, *, stop_before_pixels: bool = True) -> Dataset:
    """An object of the archive, without its pixels unless asked; raises `BadImage` for what is not DICOM.

    For files that this program wrote, which may be damaged since: nothing is inflated, and a transfer syntax that no
    object of the archive has is refused. Those of others are for `read_photo`.
    """
    syntax = archived_syntax(path)
    try:
        dataset = pydicom.dcmread(path, stop_before_pixels=stop_before_pixels)
        agreed = dataset.file_meta.TransferSyntaxUID == syntax
    except Exception as error:  # the boundary to files that may be damaged in any way
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise BadImage(f"{path.name} is not a DICOM file: {type(error).__name__}") from error
    if not agreed:
        raise BadImage(f"{path.name} is damaged: it has two transfer syntaxes")
    return dataset


def archived_syntax(path: Path) -> str:
    """Transfer syntax of a file of the archive, from its beginning; raises `BadImage` for one that none has, `OSError`."""
    with path.open("rb") as file:
        head = file.read(_META_BYTES)
    if head[128:132] != b"DICM":
        raise BadImage(f"{path.name} is not a DICOM file: the DICM prefix is missing")
    stream = BytesIO(head)
    stream.seek(132)
    try:
        meta = read_dataset(stream, False, True, stop_when=lambda tag, _vr, _length: tag.group != 2)
        syntax = str(meta.get("TransferSyntaxUID", ""))
    except Exception as error:  # the boundary to files that may be damaged in any way
        raise BadImage(f"{path.name} is not a DICOM file: {type(error).__name__}") from error
    if syntax not in ARCHIVED:
        raise BadImage(
            f"{path.name} is damaged: no object of the archive has transfer syntax {syntax[:64]!r}"
        )
    return syntax
