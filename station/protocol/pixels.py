"""Bytes of a still: the raw samples, or horizontal differences compressed with Zstandard; both lossless.

`Encoding.RAW` is rows of RGB samples, little endian.

`Encoding.DELTA_ZSTD` is one Zstandard frame (RFC 8878) with its content size, window at most `MAX_WINDOW_BYTES`. Its
content is bands of `BAND_ROWS` rows (the last may be shorter). Within a row each sample is replaced by its difference
from the same colour of the pixel to the left, modulo the sample's range; the leftmost pixel stays. A band of two-byte
samples is written as all its low bytes, then all its high bytes.
"""

import numpy as np
import zstandard
from numpy.typing import NDArray

from station.protocol.errors import MalformedMessage
from station.protocol.frame import Frame, FrameHeader, Pixels
from station.protocol.messages import Encoding

BAND_ROWS = 64
"""Rows that are differenced and compressed at a time."""
MAX_WINDOW_BYTES = 8 << 20
"""Memory that a still may ask of its decompressor."""
_LEVEL = 1


def max_encoded_bytes(header: FrameHeader, encoding: Encoding) -> int:
    """The most bytes that an honest still with this header takes; for raw samples also the least."""
    if encoding is Encoding.RAW:
        return header.nbytes
    return header.nbytes + header.nbytes // 128 + 1024


def encode_pixels(pixels: Pixels, encoding: Encoding) -> memoryview:
    """The bytes of (height, width, 3) samples; raw bytes are those of `pixels`, not a copy."""
    samples = np.ascontiguousarray(pixels, "<u2" if pixels.itemsize == 2 else np.uint8)
    if encoding is Encoding.RAW:
        return samples.data.cast("B")
    compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj(size=samples.nbytes)
    parts = [compressor.compress(_differences(samples[row : row + BAND_ROWS])) for row in _bands(samples)]
    parts.append(compressor.flush())
    return memoryview(b"".join(parts))


def decode_pixels(data: bytes | bytearray | memoryview, header: FrameHeader, encoding: Encoding) -> Frame:
    """The frame in `data`; never allocates more than `header` says. Raises `MalformedMessage`."""
    if encoding is Encoding.RAW:
        return Frame.from_bytes(header, data)
    header.check_size()
    samples = _decompressed(data, header)
    for row in _bands(samples):
        _undo_differences(samples[row : row + BAND_ROWS])
    return Frame(header, samples.astype(samples.dtype.newbyteorder("="), copy=False))


def _bands(samples: NDArray[np.generic]) -> range:
    return range(0, len(samples), BAND_ROWS)


def _differences(band: NDArray[np.unsignedinteger]) -> bytes:
    differences = band.copy()
    differences[:, 1:] -= band[:, :-1]
    planes = differences.view(np.uint8).reshape(-1, band.itemsize)
    return planes.T.tobytes()


def _undo_differences(band: NDArray[np.unsignedinteger]) -> None:
    planes = band.reshape(-1).view(np.uint8).reshape(band.itemsize, -1)
    differences = np.ascontiguousarray(planes.T).reshape(-1).view(band.dtype).reshape(band.shape)
    np.add.accumulate(differences, axis=1, out=band)


def _decompressed(data: bytes | bytearray | memoryview, header: FrameHeader) -> NDArray[np.unsignedinteger]:
    samples = np.empty((header.height, header.width, 3), np.uint8 if header.sample_bytes == 1 else "<u2")
    try:
        content = zstandard.frame_content_size(data)
        if content != header.nbytes:
            raise MalformedMessage(f"compressed still of {content} bytes, header says {header.nbytes}")
        decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW_BYTES)
        with decompressor.stream_reader(data) as reader:
            read = reader.readinto(samples.data.cast("B"))
    except zstandard.ZstdError as error:
        raise MalformedMessage(f"still is not a Zstandard frame: {error}") from error
    if read != header.nbytes:
        raise MalformedMessage(f"compressed still ends after {read} of {header.nbytes} bytes")
    return samples
