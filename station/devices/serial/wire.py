"""The form of a line: `TEXT*HH`, where HH is the checksum of TEXT."""

from functools import reduce
from operator import xor

MAX_LINE = 80
"""Longest line in bytes, without its end."""


def checksum(text: str) -> int:
    """Exclusive or of all bytes, as in NMEA 0183."""
    return reduce(xor, text.encode("ascii"), 0)


def framed(text: str) -> bytes:
    """The line that carries this text, with its end."""
    return f"{text}*{checksum(text):02X}\n".encode("ascii")


def unframed(line: bytes) -> str | None:
    """The text of a line without its end; None if it is too long, no ASCII, or its checksum is wrong."""
    if len(line) > MAX_LINE or not line.isascii():
        return None
    text, star, sum_ = line.decode("ascii").rpartition("*")
    return text if star and sum_ == f"{checksum(text):02X}" else None
