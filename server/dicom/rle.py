"""RLE Lossless codestreams (PS3.5 annex G) of 8-bit pictures, a segment per sample."""

import struct

import numpy as np
from numpy.typing import NDArray

from server.errors import BadImage

Plane = NDArray[np.uint8]

_HEADER = struct.Struct("<16I")
_PACKET = 128
_SHORTEST_RUN = 3
_BAND_BYTES = 1 << 20  # rows encoded at a time: noise needs fifty times its size in between


def encode(picture: Plane) -> bytes:
    """The codestream of a uint8 picture, (H, W) or (H, W, samples)."""
    planes = picture[None] if picture.ndim == 2 else np.moveaxis(picture, -1, 0)
    segments = [_even(_packed(np.ascontiguousarray(plane))) for plane in planes]
    starts = np.cumsum([_HEADER.size, *map(len, segments[:-1])]).tolist()
    return _HEADER.pack(len(segments), *starts, *[0] * (15 - len(segments))) + b"".join(segments)


def decode(codestream: bytes, rows: int, columns: int, samples: int = 1) -> Plane:
    """The uint8 picture, (rows, columns) or (rows, columns, samples); raises `BadImage` if it holds another or none.

    Never inflates more than a packet beyond that size.
    """
    if len(codestream) < _HEADER.size:
        raise BadImage("the RLE codestream is cut short")
    count, *starts = _HEADER.unpack_from(codestream)
    if count != samples:
        raise BadImage(f"the RLE codestream has {count} segments, not {samples}")
    ends = [*starts[1:samples], len(codestream)]
    planes = [
        _unpacked(codestream[start:end], rows * columns).reshape(rows, columns)
        for start, end in zip(starts, ends, strict=False)
    ]
    return planes[0] if samples == 1 else np.stack(planes, -1)


def _packed(plane: Plane) -> bytes:
    rows = max(1, _BAND_BYTES // plane.shape[1])
    return b"".join(_packed_band(plane[at : at + rows]) for at in range(0, len(plane), rows))


def _packed_band(rows: Plane) -> bytes:
    """Packets of runs of at least three equal bytes, and of literal bytes between them; none crosses a row."""
    data = rows.ravel()
    starts, lengths, literal = _blocks(data, rows.shape[1])
    starts, lengths, literal = _packets(starts, lengths, literal)
    sizes = np.where(literal, lengths + 1, 2)
    places = np.cumsum(sizes) - sizes
    packed = np.empty(int(sizes.sum()), np.uint8)
    packed[places] = np.where(literal, lengths - 1, np.where(lengths == 1, 0, 257 - lengths))
    packed[places[~literal] + 1] = data[starts[~literal]]
    taken = lengths[literal]
    within = np.arange(int(taken.sum())) - np.repeat(np.cumsum(taken) - taken, taken)
    packed[np.repeat(places[literal] + 1, taken) + within] = data[np.repeat(starts[literal], taken) + within]
    return packed.tobytes()


Blocks = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]
"""Starts, lengths and whether the bytes differ."""


def _blocks(data: Plane, columns: int) -> Blocks:
    """The runs of a band, short neighbours of one row joined to literals."""
    begins = np.empty(data.size, np.bool_)
    begins[0] = True
    np.not_equal(data[1:], data[:-1], out=begins[1:])
    begins[::columns] = True
    starts = np.flatnonzero(begins)
    literal = np.diff(starts, append=data.size) < _SHORTEST_RUN
    joined = literal[1:] & literal[:-1] & (starts[1:] % columns != 0)
    kept = np.concatenate([[True], ~joined])
    starts = starts[kept]
    return starts, np.diff(starts, append=data.size), literal[kept]


def _packets(starts: NDArray[np.int64], lengths: NDArray[np.int64], literal: NDArray[np.bool_]) -> Blocks:
    """Blocks cut to the 128 bytes that a packet holds."""
    parts = -(-lengths // _PACKET)
    number = np.arange(int(parts.sum())) - np.repeat(np.cumsum(parts) - parts, parts)
    rest = np.repeat(lengths, parts) - number * _PACKET
    return np.repeat(starts, parts) + number * _PACKET, np.minimum(rest, _PACKET), np.repeat(literal, parts)


def _unpacked(data: bytes, size: int) -> Plane:
    plane, at = bytearray(), 0
    while len(plane) < size and at < len(data):
        code = data[at]
        if code < _PACKET:
            plane += data[at + 1 : at + code + 2]
            at += code + 2
        elif code > _PACKET:
            plane += data[at + 1 : at + 2] * (257 - code)
            at += 2
        else:
            at += 1
    if len(plane) != size:
        raise BadImage(f"an RLE segment does not hold {size} bytes")
    return np.frombuffer(plane, np.uint8)


def _even(data: bytes) -> bytes:
    return data + b"\x00" * (len(data) % 2)
