"""Photographs read within bounds: size checked before decoding, orientation applied, colours as sRGB."""

import io
import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps

from station.errors import BadPicture
from station.protocol import MAX_PIXELS, MAX_SIDE

MAX_FILE_BYTES = 512 * 1024 * 1024
FORMATS = ("JPEG", "PNG", "TIFF")


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(height, width, 3) sRGB of a JPEG, PNG or TIFF, EXIF orientation applied; 16-bit pictures come as 8 bits.

    Raises `BadPicture` for anything that is not such a picture, is truncated, or is larger than any camera makes.
    """
    try:
        with warnings.catch_warnings(), path.open("rb") as file:
            warnings.simplefilter("ignore")
            return _decode(path, file)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadPicture(f"{path.name} cannot be read as a picture: {error}") from error


def _decode(path: Path, file: io.BufferedReader) -> NDArray[np.uint8]:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BadPicture(f"{path.name} is over {MAX_FILE_BYTES >> 20} MiB")
    with Image.open(file, formats=FORMATS) as image:
        width, height = image.size
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise BadPicture(
                f"{path.name} is {width}x{height}, over {MAX_PIXELS} pixels or a side of {MAX_SIDE}"
            )
        image.load()
        upright = ImageOps.exif_transpose(image)
        return np.ascontiguousarray(_as_srgb(upright), np.uint8)


def _as_srgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16") or image.mode == "I":
        grey = np.asarray(image).astype(np.uint32) >> 8
        return Image.fromarray(grey.astype(np.uint8)).convert("RGB")
    profile = image.info.get("icc_profile")
    if profile and image.mode in {"RGB", "RGBA", "L", "CMYK"}:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            flat = image.convert("RGB") if image.mode == "RGBA" else image
            converted = ImageCms.profileToProfile(
                flat, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except ImageCms.PyCMSError:
            return image.convert("RGB")
        if converted is not None:
            return converted
    return image.convert("RGB")
