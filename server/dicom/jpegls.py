"""JPEG-LS lossless codestreams (ISO/IEC 14495-1) of 8-bit pictures.

Encoding goes through FFmpeg's codec, which gives up the interpreter lock while it works, so that pictures are encoded
in as many threads as there are cores; the codestream is line-interleaved. Decoding goes through CharLS, an
implementation of its own: what it gives back proves the file to others' readers as well.
"""

from fractions import Fraction

import av
import jpeg_ls
import numpy as np
from av.codec.context import ThreadType
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from server.errors import BadImage


def encode(srgb: NDArray[np.uint8]) -> bytes:
    """The codestream of a uint8 picture, (H, W, 3) or (H, W), H and W up to 65535."""
    rows, columns = srgb.shape[:2]
    layout = "rgb24" if srgb.ndim == 3 else "gray"
    context = VideoCodecContext.create("jpegls", "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = columns, rows, layout
    context.time_base = Fraction(1)
    context.thread_count, context.thread_type = 1, ThreadType.NONE
    frame = av.VideoFrame.from_numpy_buffer(np.ascontiguousarray(srgb), layout)
    frame.pts = 0
    (packet,) = [*context.encode(frame), *context.encode(None)]
    return bytes(packet)


def decode(codestream: bytes, rows: int, columns: int) -> NDArray[np.uint8]:
    """The (rows, columns, 3) uint8 picture; raises `BadImage` if the codestream holds another one or none."""
    if size_of(codestream) != (rows, columns, 3, 8):
        raise BadImage(f"the JPEG-LS codestream is not an 8-bit RGB picture of {columns}x{rows}")
    try:
        pixels = np.asarray(jpeg_ls.jlsread(codestream), np.uint8)
    except (RuntimeError, ValueError, OverflowError) as error:
        raise BadImage(f"the JPEG-LS codestream cannot be decoded: {error}") from error
    return pixels


def size_of(codestream: bytes) -> tuple[int, int, int, int]:
    """Rows, columns, components and bits that the frame header (SOF55) declares; raises `BadImage`."""
    position = 2
    while codestream[:2] == b"\xff\xd8" and position + 12 <= len(codestream) and codestream[position] == 0xFF:
        marker, length = codestream[position + 1], int.from_bytes(codestream[position + 2 : position + 4])
        if marker == 0xF7:
            rows, columns = (int.from_bytes(codestream[position + at : position + at + 2]) for at in (5, 7))
            return rows, columns, codestream[position + 9], codestream[position + 4]
        position += 2 + length
    raise BadImage("no JPEG-LS frame header where one must be")
