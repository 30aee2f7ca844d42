"""The stream of preview frames, and the memory of which was sent when."""

import asyncio
import time
from collections import deque
from concurrent.futures import Executor
from typing import TypeAlias

import av
import numpy as np
from aiortc import MediaStreamTrack, RTCRtpSender
from aiortc.mediastreams import MediaStreamError

from station.devices import LatestFrame
from station.protocol import Frame
from station.transport.rtc_internals import PacketSender
from station.transport.vp8 import TIME_BASE, PreviewEncoder

Packet: TypeAlias = "av.Packet[av.stream.Stream]"
TICKS = 9
"""Presentation times are multiples of this many 90 kHz ticks, 0.1 ms: they survive coders that count in µs."""
_REMEMBERED = 256  # frames: 17 s at 15 frames per second
_LATENCIES = 512


class SentFrames:
    """Which booth frame travelled under which presentation time, and how long its overlay took."""

    def __init__(self) -> None:
        self._sent: dict[int, tuple[int, float]] = {}
        self._latencies: deque[float] = deque(maxlen=_LATENCIES)
        self._fetched = 0
        self.last_frame_id = -1
        self.sent = 0
        self.answered = 0
        self.dropped = 0
        self.unmatched = 0

    def note_fetched(self, frame: Frame, received: int) -> None:
        """A frame was fetched when `received` had come from the camera: those in between are lost to the preview."""
        if self.last_frame_id >= 0:
            self.dropped += max(0, received - self._fetched - 1)
        self._fetched, self.last_frame_id = received, frame.header.frame_id

    def note_sent(self, pts: int, frame: Frame) -> None:
        """The frame goes out under `pts`."""
        self.sent += 1
        self._sent[pts & 0xFFFFFFFF] = (frame.header.frame_id, frame.header.captured_at or time.time())
        while len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]

    def restart(self) -> None:
        """A new stream begins: earlier presentation times mean nothing any more."""
        self._sent.clear()

    def answer(self, pts: int | None, now: float) -> int | None:
        """`frame_id` of the frame that an overlay belongs to; None if it is not remembered."""
        entry = None if pts is None else self._sent.pop(pts, None)
        if entry is None:
            self.unmatched += 1
            return None
        self.answered += 1
        self._latencies.append((now - entry[1]) * 1000)
        return entry[0]

    def latency_ms(self) -> tuple[float | None, float | None]:
        """Median and 95th percentile from frame taken to overlay back; None before the first."""
        if not self._latencies:
            return None, None
        p50, p95 = np.percentile(self._latencies, [50, 95])
        return float(p50), float(p95)


class PreviewTrack(MediaStreamTrack):
    """The newest frame at every pull, at most `fps` a second, coded on `executor`."""

    kind = "video"

    def __init__(
        self,
        source: LatestFrame,
        frames: SentFrames,
        encoder: PreviewEncoder,
        executor: Executor,
        fps: float,
    ) -> None:
        super().__init__()
        self._source = source
        self._frames = frames
        self._encoder = encoder
        self._executor = executor
        self._interval = 1 / fps
        self._due = float("-inf")
        self._started: float | None = None
        self._last_pts: int | None = None
        self._key_wanted = True
        self._sender: PacketSender | None = None
        frames.restart()

    def bind(self, sender: RTCRtpSender) -> None:
        """Hear the receiver's wishes through the sender that pulls this track."""
        self._sender = PacketSender(
            sender, on_bitrate=self._encoder.set_bitrate, on_key_frame=self._want_key_frame
        )

    def pts_of(self, rtp_timestamp: int) -> int | None:
        """Presentation time of the frame sent under this timestamp; None before the first frame was sent."""
        return None if self._sender is None else self._sender.pts_of(rtp_timestamp)

    async def recv(self) -> Packet:
        """The next coded frame; raises `MediaStreamError` when the camera's frames have ended."""
        if self._last_pts is not None and self._sender is not None:
            self._sender.learn_origin(self._last_pts)
        frame = await self._next_frame()
        pts = self._next_pts()
        key, self._key_wanted = self._key_wanted, False
        loop = asyncio.get_running_loop()
        packet = av.Packet(await loop.run_in_executor(self._executor, self._encoder.encode, frame, pts, key))
        packet.pts, packet.time_base = pts, TIME_BASE
        self._frames.note_sent(pts, frame)
        return packet

    async def _next_frame(self) -> Frame:
        # half an interval of slack: a camera at just this rate is never made to wait for its own jitter
        wait = self._due - self._interval / 2 - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        try:
            frame = await self._source.get(self._frames.last_frame_id)
        except EOFError as error:
            raise MediaStreamError from error
        self._due = max(self._due, time.monotonic() - self._interval) + self._interval
        self._frames.note_fetched(frame, self._source.received)
        return frame

    def _next_pts(self) -> int:
        now = time.monotonic()
        if self._started is None:
            self._started = now
        pts = round((now - self._started) * 90_000 / TICKS) * TICKS
        self._last_pts = pts if self._last_pts is None else max(pts, self._last_pts + TICKS)
        return self._last_pts

    def _want_key_frame(self) -> None:
        self._key_wanted = True
