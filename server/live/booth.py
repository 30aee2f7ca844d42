"""One booth as the live plane sees it: its stream, its viewers, its counts."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from server.live.codec import VideoCodec
from server.live.decoding import DecodedFrame
from server.live.fanout import Fanout
from server.live.ice import IceServer
from server.live.jpeg_stream import JpegStream
from server.live.publisher import Publisher
from server.live.reassembly import EncodedFrame
from server.live.state import BoothState, Counters
from server.live.viewer import Viewer
from station.protocol import Overlay, PreviewOverlay


class Source(Protocol):
    """A booth's stream, whichever way it comes."""

    codec: VideoCodec
    newest_at: float | None

    @property
    def given_up(self) -> int:
        """Times that a lost packet was not waited for any longer."""

    def request_key_frame(self) -> None:
        """A viewer needs one soon."""

    def send_overlay(self, message: PreviewOverlay) -> bool:
        """Send an overlay to the booth; True if it went out."""

    async def close(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True)
class PendingFrame:
    """A picture that waits for its analysis, and the stream whose clock its timestamp is on."""

    source: Source
    frame: DecodedFrame


class LiveBooth:
    """Outlives what the booth sends: viewers stay, and counts go on, when it reconnects."""

    def __init__(
        self,
        name: str,
        on_picture: Callable[[str, PendingFrame], bool],
        ice_servers: Sequence[IceServer] = (),
    ) -> None:
        self.name = name
        self._ice_servers = ice_servers
        self.viewers: set[Viewer] = set()
        self.source: Source | None = None
        self._on_picture = on_picture
        self._fanout = Fanout()
        self._counters = Counters()
        self._size = (0, 0)
        self._joined = 0

    @property
    def live(self) -> bool:
        """Whether the booth sends and a frame has come."""
        return self.source is not None and self.source.newest_at is not None

    @property
    def codec(self) -> VideoCodec:
        """Of the frames that viewers get now."""
        return VideoCodec.VP8 if self.source is None else self.source.codec

    def new_publisher(self, executor: Executor) -> Publisher:
        """A publisher of this booth; it counts only once `adopt` has made it the booth's."""
        publisher: Publisher = Publisher(
            self.name,
            executor,
            on_frame=lambda frame: self._take_frame(publisher, frame),
            on_picture=lambda picture: self._take_picture(publisher, picture),
            ice_servers=self._ice_servers,
        )
        return publisher

    def new_stream(self, executor: Executor, answer: Callable[[PreviewOverlay], bool]) -> JpegStream:
        """A stream of JPEG pictures; it counts only once `adopt` has made it the booth's."""
        stream: JpegStream = JpegStream(
            self.name,
            executor,
            on_frame=lambda frame: self._take_frame(stream, frame),
            on_picture=lambda picture: self._take_picture(stream, picture),
            watched=lambda: bool(self.viewers),
            answer=answer,
        )
        return stream

    def adopt(self, source: Source) -> Source | None:
        """Make it what the booth sends; returns what it replaces."""
        replaced, self.source = self.source, source
        self._fanout.restart()
        return replaced

    def release(self, source: Source) -> None:
        """It has ended."""
        self._counters.given_up += source.given_up
        if self.source is source:
            self.source = None

    def new_viewer(self, hold_s: float | None = None) -> Viewer:
        """A viewer of this booth, whose frames wait so long for their overlays; it counts until `leave`."""
        self._joined += 1
        viewer = Viewer(
            self.name,
            self._fanout,
            self._want_key_frame,
            codec=self.codec,
            number=self._joined,
            hold_s=hold_s,
            ice_servers=self._ice_servers,
        )
        self.viewers.add(viewer)
        return viewer

    def stranded(self) -> list[Viewer]:
        """Viewers that cannot decode what the booth sends now: they have to join again."""
        return [viewer for viewer in self.viewers if viewer.codec is not self.codec]

    def leave(self, viewer: Viewer) -> None:
        """The viewer has ended."""
        self.viewers.discard(viewer)

    def deliver(self, pending: PendingFrame, overlay: Overlay) -> None:
        """Send the overlay of a frame to the booth and its viewers, each by the timestamps of its own stream."""
        frame = pending.frame
        self._counters.analysed += 1
        self._counters.model_ms.append(overlay.inference_ms)
        self._size = (overlay.width, overlay.height)
        if pending.source is not self.source:
            return
        message = PreviewOverlay(rtp_timestamp=frame.rtp_timestamp, overlay=overlay)
        if pending.source.send_overlay(message):
            self._counters.overlays_sent += 1
            self._counters.latencies_ms.append((time.monotonic() - frame.arrived) * 1000)
        pts = self._fanout.pts_of(frame.timestamp)
        if pts is not None:
            for viewer in tuple(self.viewers):
                viewer.show(pts, overlay)

    def state(self) -> BoothState:
        """What is known now."""
        count, source = self._counters, self.source
        return BoothState(
            booth=self.name,
            live=self.live,
            width=self._size[0],
            height=self._size[1],
            received=count.received,
            analysed=count.analysed,
            dropped=count.dropped,
            overlays_sent=count.overlays_sent,
            viewers=tuple(viewer.state() for viewer in self.viewers),
            lost_packets_given_up=count.given_up + (0 if source is None else source.given_up),
            latency_ms=count.latency(),
            frames_per_s=count.rate(time.monotonic()),
            model_ms=float(np.median(count.model_ms)) if count.model_ms else None,
        )

    def _take_frame(self, source: Source, frame: EncodedFrame) -> None:
        if source is self.source:
            self._counters.received += 1
            self._counters.arrivals.append(time.monotonic())
            if frame.data:
                self._fanout.push(frame)

    def _take_picture(self, source: Source, picture: DecodedFrame) -> None:
        if source is self.source:
            self._counters.dropped += self._on_picture(self.name, PendingFrame(source, picture))

    def _want_key_frame(self) -> None:
        if self.source is not None:
            self.source.request_key_frame()
