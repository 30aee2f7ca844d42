"""Decoding a booth's stream, and the newest picture of it for the analysis."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from fractions import Fraction

import av
from av.video.codeccontext import VideoCodecContext

from server.live.codec import VideoCodec
from server.live.reassembly import EncodedFrame

MAX_FRAME_PIXELS = 4_200_000
"""Largest preview picture that is decoded."""
_BACKLOG = 30  # frames that may wait for the decoder before it skips to a key frame
_TIME_BASE = Fraction(1, 90_000)
_DECODERS: dict[VideoCodec, tuple[str, dict[str, str]]] = {
    VideoCodec.VP8: ("libvpx", {}),
    VideoCodec.H264: ("h264", {"max_pixels": str(MAX_FRAME_PIXELS), "flags": "+low_delay", "threads": "1"}),
}
"""Name and options in libavcodec."""
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One picture. It belongs to one thread at a time: who takes it converts it, nobody else keeps it."""

    timestamp: int
    """Unwrapped RTP timestamp of the frame on the booth's stream."""
    picture: av.VideoFrame
    arrived: float
    """Monotonic time at which its last packet came, s."""

    @property
    def rtp_timestamp(self) -> int:
        """The 32 bits on the wire."""
        return self.timestamp & 0xFFFFFFFF


def picture_size(frame: EncodedFrame) -> tuple[int, int] | None:
    """Width and height that a VP8 key frame announces (RFC 6386 section 9.1); None for other frames."""
    if not frame.key or len(frame.data) < 10 or frame.data[3:6] != b"\x9d\x01\x2a":
        return None
    width, height = (int.from_bytes(frame.data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height


def _decoder(codec: VideoCodec) -> VideoCodecContext:
    name, options = _DECODERS[codec]
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, VideoCodecContext)
    context.options = options
    return context


class StreamDecoder:
    """Decodes one stream in order on `executor`, and passes on only the newest picture.

    Every frame is decoded, since later ones refer to it; none waits behind more than a bounded backlog.
    """

    def __init__(
        self,
        executor: Executor,
        on_picture: Callable[[DecodedFrame], None],
        on_broken: Callable[[], None],
        *,
        codec: VideoCodec = VideoCodec.VP8,
    ) -> None:
        self._executor = executor
        self._on_picture = on_picture
        self._on_broken = on_broken
        self._codec: VideoCodecContext | None = _decoder(codec)
        self._waiting: deque[tuple[EncodedFrame, float]] = deque()
        self._filled = asyncio.Event()
        self.decoded = 0
        self.errors = 0
        """Frames that could not be decoded."""

    def push(self, frame: EncodedFrame, arrived: float) -> None:
        """Queue a frame; when the decoder cannot follow, it goes on at the next key frame."""
        size = picture_size(frame)
        if len(self._waiting) >= _BACKLOG or (size and size[0] * size[1] > MAX_FRAME_PIXELS):
            self._waiting.clear()
            self._on_broken()
            return
        self._waiting.append((frame, arrived))
        self._filled.set()

    async def run(self) -> None:
        """Decode what comes until it is cancelled; the decoder and what waited for it are freed then."""
        try:
            await self._decode_all()
        finally:
            self._codec = None
            self._waiting.clear()

    async def _decode_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._filled.wait()
            self._filled.clear()
            batch = list(self._waiting)
            self._waiting.clear()
            errors = self.errors
            newest = await loop.run_in_executor(self._executor, self._decode, batch)
            if self.errors > errors:
                self._on_broken()
            if newest is not None:
                self._on_picture(newest)

    def _decode(self, batch: list[tuple[EncodedFrame, float]]) -> DecodedFrame | None:
        newest, codec = None, self._codec
        if codec is None:
            return None
        for frame, arrived in batch:
            packet = av.Packet(frame.data)
            packet.pts, packet.time_base = frame.timestamp, _TIME_BASE
            try:
                pictures = codec.decode(packet)
            except av.FFmpegError:
                self.errors += 1
                _logger.debug("a frame could not be decoded")
                continue
            for picture in pictures:
                self.decoded += 1
                newest = DecodedFrame(frame.timestamp, picture, arrived)
        return newest
