"""ICC profiles without what their makers wrote into them: colours stay, texts, dates and serial marks go."""

import struct

_HEADER, _ENTRY = 128, 12
_DATE = slice(24, 36)
_MARKS = slice(48, 56)
"""Manufacturer and model of the device."""
_CREATOR_AND_ID = slice(80, 100)
_TEXT_TYPES = frozenset({b"text", b"desc", b"mluc", b"cprt"})


def without_words(profile: bytes) -> bytes:
    """The profile of the same length with the same colours; an unreadable one becomes empty."""
    data = bytearray(profile)
    if len(data) < _HEADER + 4:
        return b""
    for part in (_DATE, _MARKS, _CREATOR_AND_ID):
        data[part] = bytes(part.stop - part.start)
    (count,) = struct.unpack_from(">I", data, _HEADER)
    if _HEADER + 4 + count * _ENTRY > len(data):
        return b""
    for index in range(count):
        start, size = struct.unpack_from(">4xII", data, _HEADER + 4 + index * _ENTRY)
        kind = bytes(data[start : start + 4])
        if kind in _TEXT_TYPES and start + size <= len(data):
            kept = _kept(data, start, kind)
            data[start + kept : start + size] = bytes(max(size - kept, 0))
    return bytes(data)


def _kept(data: bytearray, start: int, kind: bytes) -> int:
    """Bytes of a text tag that hold no text: its type, and of a table of languages the table."""
    if kind == b"mluc":
        (names,) = struct.unpack_from(">I", data, start + 8)
        return int(min(16 + 12 * names, 16 + 12 * 64))
    return 8 if kind == b"text" else 12
