"""The same object in another transfer syntax, for destinations that do not take the one it is archived in.

No pixel changes its value beyond what decoding a lossy codestream is, so the SOP Instance UID stays (PS3.3 section
C.7.6.1.1.2); what is said of earlier lossy compression stays too.
"""

import copy
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from server.dicom import jpegls, rle
from server.dicom.decoding import COMPRESSED, NATIVE, Picture, check_pixels, decoded_frames
from server.dicom.files import read_header
from server.errors import BadImage

MAX_DECODED_PIXELS = 1 << 30
"""Most pixels of an object, its frames together, that are decoded."""


def _jpeg2000(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(
        buffer, "JPEG2000", irreversible=False, mct=int(picture.ndim == 3), no_jp2=True
    )
    return buffer.getvalue()


_ENCODERS: dict[str, Callable[[Picture], bytes]] = {
    JPEGLSLossless: jpegls.encode,
    JPEG2000Lossless: _jpeg2000,
    RLELossless: rle.encode,
}
TARGETS = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, *_ENCODERS)
"""Transfer syntaxes that objects are put into, all without loss."""


def transcoded(source: Dataset | Path, transfer_syntax: str) -> Dataset:
    """A copy of an object, or of the object in a file of the archive, whose file is written in `transfer_syntax`.

    `source` itself where it already is in that syntax. Colour becomes RGB (JPEG 2000: YBR_RCT). Of objects without pixels
    and of one-bit masks only the uncompressed syntaxes can be made. Raises `BadImage` with the reason for any other
    syntax, for pixels that cannot be decoded and for a damaged file.
    """
    dataset = read_header(source, stop_before_pixels=False) if isinstance(source, Path) else source
    target = UID(transfer_syntax)
    if dataset.file_meta.TransferSyntaxUID == target:
        return dataset
    if target not in TARGETS:
        raise BadImage(f"objects are not put into transfer syntax {target.name}")
    try:
        return _changed(dataset, target)
    except BadImage:
        raise
    except Exception as error:  # the boundary to files that may be damaged in any way
        raise BadImage(f"the object cannot be transcoded: {type(error).__name__}") from error


def _changed(dataset: Dataset, target: UID) -> Dataset:
    changed = _copy(dataset, target)
    current = dataset.file_meta.TransferSyntaxUID
    if current in NATIVE and target in NATIVE:
        return changed
    if "PixelData" not in dataset:
        raise BadImage(f"an object without pixels cannot be put into {target.name}")
    if current not in NATIVE and current not in COMPRESSED and current != RLELossless:
        raise BadImage(f"transfer syntax {current.name} is not read")
    check_pixels(dataset, max_pixels=MAX_DECODED_PIXELS)
    _set_pixels(changed, dataset, target)
    return changed


def _copy(dataset: Dataset, target: UID) -> Dataset:
    """The same elements under another transfer syntax: to be replaced, not changed."""
    changed = Dataset()
    for element in dataset:
        changed.add(element)
    changed.file_meta = copy.deepcopy(dataset.file_meta)
    changed.file_meta.TransferSyntaxUID = target
    return changed


def _set_pixels(changed: Dataset, dataset: Dataset, target: UID) -> None:
    if target in NATIVE:
        data = b"".join(np.ascontiguousarray(frame).tobytes() for frame in decoded_frames(dataset))
        data += b"\x00" * (len(data) % 2)
    else:
        data = encapsulate([_ENCODERS[target](frame) for frame in decoded_frames(dataset)])
    changed.add_new("PixelData", "OB", data)
    changed["PixelData"].is_undefined_length = target not in NATIVE
    if dataset.SamplesPerPixel == 3:
        photometric = "YBR_RCT" if target == JPEG2000Lossless else "RGB"
        changed.add_new("PhotometricInterpretation", "CS", photometric)
        changed.add_new("PlanarConfiguration", "US", 0)
