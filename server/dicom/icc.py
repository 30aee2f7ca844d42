"""The sRGB colour profile of archived photographs, and others' profiles read."""

import struct
from functools import cache

from PIL import ImageCms

_CLASS = slice(12, 16)
_CREATED = slice(24, 36)
_PROFILE_ID = slice(84, 100)


@cache
def srgb_profile() -> bytes:
    """An sRGB profile of class input device (`scnr`), as PS3.3 section C.11.15 asks; the same bytes every time.

    Pillow's own is of the class display and carries its time of birth.
    """
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_CREATED] = struct.pack(">6H", 2020, 1, 1, 0, 0, 0)
    return as_input_profile(bytes(profile))


def as_input_profile(profile: bytes) -> bytes:
    """The same colorimetry under the class `scnr`; the checksum, no longer true, is cleared."""
    changed = bytearray(profile)
    changed[_CLASS] = b"scnr"
    changed[_PROFILE_ID] = bytes(16)
    return bytes(changed)


def is_rgb_profile(profile: bytes) -> bool:
    """Whether these bytes begin like an ICC profile of RGB data and hold as many bytes as they declare."""
    return (
        len(profile) >= 132
        and profile[36:40] == b"acsp"
        and profile[16:20] == b"RGB "
        and int.from_bytes(profile[:4]) == len(profile)
    )
