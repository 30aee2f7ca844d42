"""A booth's preview that comes as JPEG pictures: decoded once, and coded once for all its viewers."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import av
import msgspec

from server.live.codec import VideoCodec
from server.live.decoding import MAX_FRAME_PIXELS, DecodedFrame
from server.live.encoding import Vp8Encoder
from server.live.fanout import CLOCK_RATE
from server.live.reassembly import EncodedFrame
from server.live.rtc_internals import KEY_FRAME_INTERVAL_S
from station.protocol import PreviewOverlay

SILENCE_S = 3.0
"""Without a picture for so long, the booth is gone."""
_REMEMBERED = 64  # pictures whose overlay may still come
_TICKS = 9  # presentation times are whole tenths of a millisecond
_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Waiting:
    number: int
    jpeg: bytes
    arrived: float


@dataclass(frozen=True, slots=True)
class _Made:
    picture: av.VideoFrame
    coded: bytes | None


class JpegStream:
    """In the place of a WHIP publisher. `run` is its whole life; `close` may be called any number of times.

    The newest picture wins: of those that come while one is worked on, the last is next. The coder exists only while
    somebody watches. `answer` sends an overlay to the booth, under the number of its picture.
    """

    codec = VideoCodec.VP8
    given_up = 0

    def __init__(
        self,
        booth: str,
        executor: Executor,
        *,
        on_frame: Callable[[EncodedFrame], None],
        on_picture: Callable[[DecodedFrame], None],
        watched: Callable[[], bool],
        answer: Callable[[PreviewOverlay], bool],
    ) -> None:
        self.booth = booth
        self._executor = executor
        self._on_frame = on_frame
        self._on_picture = on_picture
        self._watched = watched
        self._answer = answer
        self._decoder = _new_decoder()
        self._waiting: _Waiting | None = None
        self._filled = asyncio.Event()
        self.ended = False
        """It takes no further picture."""
        self._numbers: dict[int, int] = {}
        self._last_pts = -_TICKS
        self._key_wanted = True
        self._key_at = float("-inf")
        self.encoder: Vp8Encoder | None = None
        """None while nobody watches."""
        self.encoded = 0
        """Frames coded."""
        self.replaced = 0
        """Pictures that a newer one replaced before they were decoded."""
        self.newest_at: float | None = None
        """Monotonic time of the newest picture, s."""

    @property
    def coding(self) -> bool:
        """Whether there is a coder now."""
        return self.encoder is not None

    def take(self, number: int, jpeg: bytes) -> None:
        """A picture, and the booth's number of it; must not block."""
        if not jpeg:  # to the decoder it would be the end of the stream
            return
        self.replaced += self._waiting is not None
        self.newest_at = time.monotonic()
        self._waiting = _Waiting(number, jpeg, self.newest_at)
        self._filled.set()

    def request_key_frame(self) -> None:
        """A viewer needs a key frame soon; requests close together become one."""
        self._key_wanted = True

    def send_overlay(self, message: PreviewOverlay) -> bool:
        """Send an overlay to the booth, under its own number of the picture; True if it went out."""
        number = self._numbers.pop(message.rtp_timestamp, None)
        if number is None:
            return False
        overlay = msgspec.structs.replace(message.overlay, frame_id=number)
        return self._answer(PreviewOverlay(rtp_timestamp=message.rtp_timestamp, overlay=overlay))

    async def close(self) -> None:
        """End it."""
        self.ended = True
        self._filled.set()

    async def run(self) -> None:
        """Decode and code what comes until it is closed, or nothing comes any more."""
        while True:
            try:
                async with asyncio.timeout(SILENCE_S):
                    await self._filled.wait()
            except TimeoutError:
                self.ended = True
            self._filled.clear()
            waiting, self._waiting = self._waiting, None
            if self.ended:
                return
            if waiting is not None:
                await self._show(waiting)

    async def _show(self, waiting: _Waiting) -> None:
        pts, watched = self._next_pts(waiting.arrived), self._watched()
        key = watched and self._key_due(waiting.arrived)
        loop = asyncio.get_running_loop()
        made = await loop.run_in_executor(self._executor, self._make, waiting.jpeg, pts, watched, key)
        if made is None:
            return
        self._numbers[pts & 0xFFFFFFFF] = waiting.number
        while len(self._numbers) > _REMEMBERED:
            del self._numbers[next(iter(self._numbers))]
        coded = made.coded or b""
        self._on_frame(EncodedFrame(pts, bool(coded) and not coded[0] & 1, coded))
        self._on_picture(DecodedFrame(pts, made.picture, waiting.arrived))

    def _make(self, jpeg: bytes, pts: int, watched: bool, key: bool) -> _Made | None:
        try:
            pictures = self._decoder.decode(av.Packet(jpeg))
        except av.FFmpegError:
            _logger.debug("a picture could not be decoded")
            return None
        if not pictures:
            return None
        picture = pictures[-1]
        assert isinstance(picture, av.VideoFrame)
        if not watched:
            self.encoder = None
            return _Made(picture, None)
        if self.encoder is None:
            self.encoder = Vp8Encoder()
        self.encoded += 1
        return _Made(picture, self.encoder.encode(picture, pts, key))

    def _next_pts(self, arrived: float) -> int:
        self._last_pts = max(round(arrived * CLOCK_RATE / _TICKS) * _TICKS, self._last_pts + _TICKS)
        return self._last_pts

    def _key_due(self, now: float) -> bool:
        if not self._key_wanted or now - self._key_at < KEY_FRAME_INTERVAL_S:
            return False
        self._key_wanted, self._key_at = False, now
        return True


def _new_decoder() -> av.VideoCodecContext:
    decoder = av.CodecContext.create("mjpeg", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    decoder.options = {"max_pixels": str(MAX_FRAME_PIXELS), "threads": "1"}
    return decoder
