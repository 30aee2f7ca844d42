"""What every way of sending the preview holds: the newest frames go to the server, their overlays come back."""

import asyncio
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

import msgspec

from station.devices import LatestFrame
from station.protocol import Overlay
from station.transport.preview_track import SentFrames
from station.transport.vp8 import MAX_BITRATE, MIN_BITRATE

OnOverlay = Callable[[Overlay], None]
_logger = logging.getLogger(__name__)


class PreviewState(StrEnum):
    """What the preview's connection is doing."""

    WAITING = "waiting"
    """The server is away; tried again soon."""
    CONNECTING = "connecting"
    STREAMING = "streaming"
    REFUSED = "refused"
    """The server does not want this preview; tried again later."""
    CLOSED = "closed"


@dataclass(frozen=True)
class PreviewSettings:
    """How the preview is coded."""

    width: int = 1280
    height: int = 720
    """Larger frames are scaled down to fit."""
    fps: float = 15.0
    bitrate: int = 1_500_000
    """At the start, bit/s; the receiver's estimates change it, within the bounds."""
    least_bitrate: int = MIN_BITRATE
    most_bitrate: int = MAX_BITRATE


@dataclass(frozen=True)
class PreviewStats:
    """Counts since the sender was made."""

    sent: int
    """Frames sent."""
    answered: int
    """Overlays that came back for a frame that was sent."""
    dropped: int
    """Frames of the camera that were not sent because a newer one was there."""
    unmatched: int
    """Overlays for no frame that is remembered, or not readable."""
    connections: int
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    """From frame taken to overlay back, newest frames."""


class PreviewSender(ABC):
    """Sends the newest frames of `source` and hears their overlays; connects again by itself.

    Use it as an async context manager. `on_overlay` gets each overlay with the `frame_id` of the booth's own frame, on
    the event loop; it must not block. A way of sending fills `_run`.
    """

    def __init__(
        self, source: LatestFrame, on_overlay: OnOverlay | None, settings: PreviewSettings | None
    ) -> None:
        self._source = source
        self._on_overlay = on_overlay
        self._settings = settings or PreviewSettings()
        self._frames = SentFrames()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="preview-encode")
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._connections = 0
        self._reported = PreviewState.WAITING
        self.state = PreviewState.WAITING
        self.reason = ""
        """Why the preview is waiting or refused, for people."""

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run(), name="preview-sender")
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """End the session at the server and free everything; idempotent."""
        if self._task is not None:
            if not self._closing:
                self._closing = True
                self._task.cancel()
            await asyncio.wait({self._task})
        await asyncio.to_thread(self._executor.shutdown, cancel_futures=True)
        self.state = PreviewState.CLOSED

    @property
    def stats(self) -> PreviewStats:
        """What was sent and answered so far."""
        frames = self._frames
        p50, p95 = frames.latency_ms()
        return PreviewStats(
            sent=frames.sent,
            answered=frames.answered,
            dropped=frames.dropped,
            unmatched=frames.unmatched,
            connections=self._connections,
            latency_ms_p50=p50,
            latency_ms_p95=p95,
        )

    @abstractmethod
    async def _run(self) -> None:
        """Send until cancelled, or until the source is closed."""

    def _take(self, overlay: Overlay, pts: int | None) -> None:
        """An overlay came back for the frame that went out under `pts`."""
        frame_id = self._frames.answer(pts, time.time())
        if frame_id is not None and self._on_overlay is not None:
            self._on_overlay(msgspec.structs.replace(overlay, frame_id=frame_id))

    def _note(self, state: PreviewState, reason: str = "") -> None:
        """Log only when the preview goes and when it returns."""
        self.state, self.reason = state, reason
        streaming = state is PreviewState.STREAMING
        if streaming != (self._reported is PreviewState.STREAMING):
            _logger.info("the preview is %s", "with the server" if streaming else "not with the server")
        self._connections += streaming
        self._reported = state
