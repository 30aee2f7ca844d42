"""A booth's coded frames, forwarded to its viewers without decoding."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Protocol, TypeAlias

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from server.live.reassembly import EncodedFrame

CLOCK_RATE = 90_000
"""Ticks per second of the RTP clock of video."""
_TIME_BASE = Fraction(1, CLOCK_RATE)
Packet: TypeAlias = "av.Packet[av.stream.Stream]"
_QUEUE = 8  # frames that a slow viewer may lag behind before it skips to a key frame


class Sink(Protocol):
    """Where the frames of one viewer go."""

    def offer(self, packet: Packet, key: bool) -> None:
        """Take a frame; must not block."""


class ViewerTrack(MediaStreamTrack):
    """The forwarded stream as one viewer gets it; a slow viewer skips to the next key frame."""

    kind = "video"

    def __init__(self, want_key_frame: Callable[[], None], on_pull: Callable[[int], None]) -> None:
        super().__init__()
        self._want_key_frame = want_key_frame
        self._on_pull = on_pull
        self._queue: deque[Packet] = deque()
        self._filled = asyncio.Event()
        self._needs_key = True
        self._last_pts: int | None = None
        self.sent = 0
        """Frames handed to the network."""
        self.dropped = 0
        """Frames this viewer was too slow for, or that it could not have decoded."""

    def offer(self, packet: Packet, key: bool) -> None:
        """Queue a frame; never blocks and never grows beyond its bound."""
        if len(self._queue) >= _QUEUE:
            self.dropped += len(self._queue)
            self._queue.clear()
            self._needs_key = True
        if self._needs_key and not key:
            self.dropped += 1
            self._want_key_frame()
            return
        self._needs_key = False
        self._queue.append(packet)
        self._filled.set()

    async def recv(self) -> Packet:
        """The next coded frame; raises `MediaStreamError` once the track was stopped."""
        if self._last_pts is not None:
            self._on_pull(self._last_pts)
        while not self._queue:
            if self.readyState != "live":
                raise MediaStreamError
            self._filled.clear()
            await self._filled.wait()
        packet = self._queue.popleft()
        self._last_pts = packet.pts
        self.sent += 1
        return packet

    def stop(self) -> None:
        """End the track and let its reader go."""
        super().stop()
        self._filled.set()


class Fanout:
    """One booth's stream to any number of viewers, through reconnects of the booth.

    Viewers see one unbroken clock: a new stream of the booth goes on where the old one ended.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._viewers: set[Sink] = set()
        self._shift: int | None = None
        self._last: tuple[int, float] | None = None

    def join(self, sink: Sink) -> None:
        """Forward frames to `sink` from now on."""
        self._viewers.add(sink)

    def leave(self, sink: Sink) -> None:
        """Forward nothing more to `sink`."""
        self._viewers.discard(sink)

    def restart(self) -> None:
        """The next frame begins a new stream of the booth, on a clock of its own."""
        self._shift = None

    def push(self, frame: EncodedFrame) -> None:
        """Forward one frame."""
        if self._shift is None:
            self._shift = self._resumed_at() - frame.timestamp
        pts = frame.timestamp + self._shift
        self._last = (pts, self._clock())
        if self._viewers:
            packet = av.Packet(frame.data)
            packet.pts, packet.time_base = pts, _TIME_BASE
            for sink in self._viewers:
                sink.offer(packet, frame.key)

    def pts_of(self, timestamp: int) -> int | None:
        """Presentation time, at the viewers, of the booth's frame of this unwrapped timestamp."""
        return None if self._shift is None else timestamp + self._shift

    def _resumed_at(self) -> int:
        if self._last is None:
            return 0
        pts, at = self._last
        return pts + max(1, round((self._clock() - at) * CLOCK_RATE))
