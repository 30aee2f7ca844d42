"""PNG pictures encoded quickly (W3C PNG, third edition): rows as differences to the row above, deflated by ISA-L.

OpenCV's encoder spends four times as long in zlib for files a tenth smaller.
"""

import struct
import zlib

import numpy as np
from isal import isal_zlib

from server.pipeline.examination import Srgb

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_FILTER_UP = 2
_COLOUR_TYPES = {1: 0, 3: 2}
"""Samples of a pixel to PNG's colour type: greyscale, truecolour."""


def encode_png(pixels: Srgb) -> bytes:
    """The PNG of a uint8 picture, (H, W) or (H, W, 3) RGB."""
    height, width = pixels.shape[:2]
    samples = pixels.size // (height * width)
    rows = np.ascontiguousarray(pixels).reshape(height, -1)
    filtered = np.empty((height, rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _FILTER_UP
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    header = struct.pack(">IIBBBBB", width, height, 8, _COLOUR_TYPES[samples], 0, 0, 0)
    data = isal_zlib.compress(filtered, 1)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
