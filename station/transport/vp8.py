"""Preview frames coded as VP8."""

import time
from collections.abc import Callable
from fractions import Fraction

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Frame
from station.quality import develop

TIME_BASE = Fraction(1, 90_000)
"""RTP clock of video."""
MIN_BITRATE, MAX_BITRATE = 300_000, 4_000_000
"""Usual bounds of the bitrate, bit/s."""
_CHANGE = 0.25  # a new bitrate costs a key frame: follow only changes larger than this share,
_CHANGE_INTERVAL_S = 2.0  # and no more often than this


class PreviewEncoder:
    """Codes frames of one stream, scaled down to fit `width` x `height`; belongs to one thread at a time.

    Noise reduction is off, since it removes skin texture; the rate is constant, so that no frame waits for the network.
    `bounds` are the least and the most bit/s that it follows the receiver's estimates to.
    """

    def __init__(
        self,
        width: int,
        height: int,
        fps: float,
        bitrate: int,
        *,
        bounds: tuple[int, int] = (MIN_BITRATE, MAX_BITRATE),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = (width, height)
        self._fps = fps
        self._bounds = bounds
        self._clock = clock
        self._bitrate = self._bounded(bitrate)
        self._changed = float("-inf")
        self._codec: av.VideoCodecContext | None = None

    def set_bitrate(self, bitrate: int) -> None:
        """Follow the receiver's estimate, bit/s; takes effect with one of the next frames."""
        self._bitrate = self._bounded(bitrate)

    @property
    def bitrate(self) -> int:
        """What the frames are coded for now, bit/s."""
        return self._bitrate if self._codec is None else int(self._codec.bit_rate or 0)

    def encode(self, frame: Frame, pts: int, key: bool) -> bytes:
        """The coded frame; `key` makes it one that can be decoded alone."""
        picture = fitted(develop(frame), *self._limit)
        height, width = picture.shape[:2]
        codec = self._codec_for(width, height)
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420), np.uint8)
        video = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        video.pts, video.time_base = pts, TIME_BASE
        if key:
            video.pict_type = av.video.frame.PictureType.I
        return b"".join(bytes(packet) for packet in codec.encode(video))

    def _codec_for(self, width: int, height: int) -> av.VideoCodecContext:
        codec, now = self._codec, self._clock()
        if codec is not None and (codec.width, codec.height) == (width, height):
            change = abs(self._bitrate / (codec.bit_rate or 1) - 1)
            if change <= _CHANGE or now - self._changed < _CHANGE_INTERVAL_S:
                return codec
        self._changed = now
        self._codec = _new_codec(width, height, self._fps, self._bitrate)
        return self._codec

    def _bounded(self, bitrate: int) -> int:
        least, most = self._bounds
        return max(least, min(bitrate, most))


def _new_codec(width: int, height: int, fps: float, bitrate: int) -> av.VideoCodecContext:
    codec = av.VideoCodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base, codec.framerate = TIME_BASE, Fraction(fps).limit_denominator(1000)
    codec.bit_rate, codec.gop_size, codec.qmin, codec.qmax = bitrate, 3000, 2, 56
    codec.thread_count = 1
    codec.options = {
        "deadline": "realtime",
        "cpu-used": "-8",
        "lag-in-frames": "0",
        "noise-sensitivity": "0",
        "static-thresh": "1",
        "partitions": "0",
        "minrate": str(bitrate),
        "maxrate": str(bitrate),
        "bufsize": str(bitrate),
        "undershoot-pct": "100",
        "overshoot-pct": "15",
    }
    return codec


def fitted(picture: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """Scaled down to fit, with even sides as the codec's chroma needs them."""
    rows, columns = picture.shape[:2]
    scale = min(1.0, width / columns, height / rows)
    size = (max(2, int(columns * scale) // 2 * 2), max(2, int(rows * scale) // 2 * 2))
    if size == (columns, rows):
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
