"""A list as messages that are small enough for the wire."""

import hashlib
from collections.abc import Iterator, Sequence

import msgspec

from station.protocol import MAX_MESSAGE_BYTES, OrderEntry, OrdersTold

_ROOM = MAX_MESSAGE_BYTES - 8192
"""Bytes of entries in one message."""


def digest_of(entries: Sequence[OrderEntry]) -> str:
    """The same for the same entries."""
    return hashlib.sha256(msgspec.msgpack.encode(entries)).hexdigest()[:32]


def pages_of(told: OrdersTold) -> list[OrdersTold]:
    """The answer as one message or more, in order."""
    parts = list(_parts(told.entries)) or [()]
    return [
        msgspec.structs.replace(told, page=number, pages=len(parts), entries=part)
        for number, part in enumerate(parts, start=1)
    ]


def _parts(entries: Sequence[OrderEntry]) -> Iterator[tuple[OrderEntry, ...]]:
    part: list[OrderEntry] = []
    size = 0
    for entry in entries:
        length = len(msgspec.msgpack.encode(entry))
        if part and size + length > _ROOM:
            yield tuple(part)
            part, size = [], 0
        part.append(entry)
        size += length
    if part:
        yield tuple(part)
