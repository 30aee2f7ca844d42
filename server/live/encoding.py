"""Pictures coded as VP8 once, for all viewers of a booth."""

from fractions import Fraction

import av

from server.live.fanout import CLOCK_RATE
from server.live.pictures import planar

BITRATE = 2_500_000
"""Of the coded stream, bit/s."""
_TIME_BASE = Fraction(1, CLOCK_RATE)
_OPTIONS = {
    "deadline": "realtime",
    "cpu-used": "-8",
    "lag-in-frames": "0",
    "noise-sensitivity": "0",  # noise reduction would smooth skin
    "static-thresh": "1",
    "partitions": "0",
    "minrate": str(BITRATE),
    "maxrate": str(BITRATE),
    "bufsize": str(BITRATE),
    "undershoot-pct": "100",
    "overshoot-pct": "15",
}


class Vp8Encoder:
    """Codes one stream; belongs to one thread at a time. Pictures of another size begin it anew, with a key frame."""

    def __init__(self) -> None:
        self._codec: av.VideoCodecContext | None = None

    def encode(self, picture: av.VideoFrame, pts: int, key: bool) -> bytes:
        """The coded frame of presentation time `pts` (90 kHz); `key` makes it one that can be decoded alone."""
        video = planar(picture)
        width, height = video.width, video.height
        codec = self._codec
        if codec is None or (codec.width, codec.height) != (width, height):
            codec = self._codec = _new_codec(width, height)
        video.pts, video.time_base = pts, _TIME_BASE
        video.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        return b"".join(bytes(packet) for packet in codec.encode(video))


def _new_codec(width: int, height: int) -> av.VideoCodecContext:
    codec = av.VideoCodecContext.create("libvpx", "w")
    codec.width, codec.height, codec.pix_fmt = width, height, "yuv420p"
    codec.time_base, codec.framerate = _TIME_BASE, Fraction(15)
    codec.bit_rate, codec.gop_size, codec.qmin, codec.qmax = BITRATE, 3000, 2, 56
    codec.thread_count = 1
    codec.options = dict(_OPTIONS)
    return codec
