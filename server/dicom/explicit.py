"""Data elements and items in Explicit VR Little Endian (PS3.5 sections 7.1 and 7.5), encoded as they are made.

For the parts of an object that come by the hundred: a `Dataset` of pydicom costs fifty times as much to build and write.
"""

import struct
from collections.abc import Iterable

_LONG = frozenset({"OB", "SQ", "UC", "UT"})  # of the representations used here; their length takes 32 bits
_SHORT_LIMIT = 0xFFFF


def element(tag: int, vr: str, value: bytes) -> bytes:
    """A data element; the value is padded to even length. Raises `ValueError` for one that its VR cannot hold."""
    if len(value) % 2:
        value += b"\x00" if vr in {"UI", "OB"} else b" "
    if vr in _LONG:
        return struct.pack("<HH2s2xI", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value
    if len(value) > _SHORT_LIMIT:
        raise ValueError(f"{len(value)} bytes are too many for one {vr}")
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


def text(tag: int, vr: str, value: str) -> bytes:
    """A data element of characters, in UTF-8 (ISO_IR 192)."""
    return element(tag, vr, value.encode())


def sequence(tag: int, items: Iterable[bytes]) -> bytes:
    """A sequence of items, each the elements of one in ascending order."""
    return element(tag, "SQ", b"".join(struct.pack("<HHI", 0xFFFE, 0xE000, len(one)) + one for one in items))
