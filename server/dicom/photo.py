"""VL Photographic Image objects (PS3.3 section A.32.4), and Dermoscopic Photography Image objects with the same pixels."""

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID, JPEGBaseline8Bit, JPEGLSLossless
from pydicom.valuerep import DSfloat

from server.dicom import jpegls
from server.dicom.attributes import file_meta
from server.dicom.icc import srgb_profile
from server.dicom.jpeg import parse_baseline
from server.dicom.photo_description import LossyCompression, PhotoDescription
from server.dicom.photo_modules import photo_attributes
from server.errors import BadImage


def build_photo(description: PhotoDescription, srgb: NDArray[np.uint8]) -> Dataset:
    """The photograph with its pixels as JPEG-LS lossless.

    `srgb` is (H, W, 3) uint8 of the header's size; raises `BadImage` for any other. The same arguments give the same
    bytes.
    """
    header = description.header
    if srgb.shape != (header.height, header.width, 3) or srgb.dtype != np.uint8:
        raise BadImage(f"pixels are {srgb.dtype} {srgb.shape}, not uint8 {(header.height, header.width, 3)}")
    photo = photo_attributes(description)
    photo.PhotometricInterpretation = "RGB"
    photo.ICCProfile, photo.ColorSpace = srgb_profile(), "SRGB"
    _set_lossy(photo, description.lossy)
    set_frame(photo, jpegls.encode(srgb), JPEGLSLossless)
    return photo


def build_photo_from_jpeg(description: PhotoDescription, jpeg: bytes) -> Dataset:
    """The photograph around a camera's baseline JPEG.

    Tables and entropy-coded data stay byte for byte; EXIF, comments and other metadata segments are left out, an
    ICC profile moves into the object. Raises `BadImage` for what cannot be kept so: other JPEG processes, RGB or CMYK
    codestreams, full colour resolution (4:4:4), a picture that EXIF says to turn, another size than the header's.
    """
    parsed = parse_baseline(jpeg)
    header = description.header
    if (parsed.rows, parsed.columns) != (header.height, header.width):
        raise BadImage(f"the JPEG is {parsed.columns}x{parsed.rows}, not {header.width}x{header.height}")
    if not parsed.subsampled:
        # YBR_FULL is no enumerated value of VL images (PS3.3 section C.8.12.1.1.2).
        raise BadImage("a JPEG with full colour resolution has no photometric interpretation in a VL image")
    photo = photo_attributes(description)
    photo.PhotometricInterpretation = "YBR_FULL_422"
    photo.ICCProfile = parsed.icc_profile or srgb_profile()
    if parsed.icc_profile is None:
        photo.ColorSpace = "SRGB"
    ratio = header.width * header.height * 3 / len(parsed.codestream)
    _set_lossy(photo, LossyCompression(ratio=ratio))
    set_frame(photo, parsed.codestream, JPEGBaseline8Bit)
    return photo


def _set_lossy(photo: Dataset, lossy: LossyCompression | None) -> None:
    photo.LossyImageCompression = "00" if lossy is None else "01"
    if lossy is not None:
        photo.LossyImageCompressionMethod = lossy.method
        if lossy.ratio is not None:
            photo.LossyImageCompressionRatio = DSfloat(round(lossy.ratio, 2), auto_format=True)


def set_frame(photo: Dataset, codestream: bytes, transfer_syntax: UID) -> None:
    """Give an image its one frame, and the file meta information that goes with it."""
    photo.file_meta = file_meta(photo, transfer_syntax)
    photo.PixelData = encapsulate([codestream])
    photo["PixelData"].VR = "OB"
    photo["PixelData"].is_undefined_length = True
