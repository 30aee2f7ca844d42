"""The peer that watches a booth (WHEP)."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any

from aiortc import RTCRtpTransceiver

from server.live.codec import VideoCodec
from server.live.errors import OfferRefused
from server.live.fanout import Fanout, ViewerTrack
from server.live.holding import Hold
from server.live.ice import IceServer
from server.live.offer import Offer
from server.live.peer import Peer
from server.live.rtc_guards import bound_repeats
from server.live.rtc_internals import SentTimestamps, answer_key_frame_requests
from server.live.state import Sync, ViewerState
from station.protocol import Overlay, PreviewOverlay


class Viewer(Peer):
    """Gets a booth's coded frames as they are, and overlays named by the timestamps of its own stream."""

    def __init__(
        self,
        booth: str,
        fanout: Fanout,
        want_key_frame: Callable[[], None],
        *,
        codec: VideoCodec = VideoCodec.VP8,
        number: int = 1,
        hold_s: float | None = None,
        ice_servers: Iterable[IceServer] = (),
    ) -> None:
        """`codec` is that of the booth's frames.

        `number` names it in `state`; `hold_s` is how long a frame waits for its overlay, None: not at all.
        """
        super().__init__(booth, ice_servers)
        self.codec = codec
        self._number = number
        self._overlays = 0
        self._fanout = fanout
        self._want_key_frame = want_key_frame
        self._timestamps: SentTimestamps | None = None
        self.track = ViewerTrack(want_key_frame, self._learn)
        self._hold = None if hold_s is None else Hold(self.track.offer, deadline_s=hold_s)

    def show(self, pts: int, overlay: Overlay) -> bool:
        """Send the overlay of the frame of this presentation time, and the frame if it waits; True if the overlay went out."""
        timestamp = None if self._timestamps is None else self._timestamps.of(pts)
        sent = timestamp is not None and self.send_overlay(
            PreviewOverlay(rtp_timestamp=timestamp, overlay=overlay)
        )
        self._overlays += sent
        if self._hold is not None:
            self._hold.settle(pts)
        return sent

    def state(self) -> ViewerState:
        """What is known now."""
        return ViewerState(
            number=self._number,
            sync=Sync.NOW if self._hold is None else Sync.EXACT,
            forwarded=self.track.sent,
            dropped=self.track.dropped,
            overlays=self._overlays,
            late=0 if self._hold is None else self._hold.late,
        )

    def _choose_codec(self, offer: Offer) -> VideoCodec:
        if self.codec not in offer.codecs:
            raise OfferRefused(f"booth {self.booth} sends {self.codec}, which the offer does not have")
        return self.codec

    def _add_video(self) -> RTCRtpTransceiver:
        transceiver = self.connection.addTransceiver(self.track, direction="sendonly")
        self._timestamps = SentTimestamps(transceiver.sender)
        answer_key_frame_requests(transceiver.sender, self._want_key_frame)
        bound_repeats(transceiver.sender)
        return transceiver

    def _jobs(self) -> Sequence[Coroutine[Any, Any, None]]:
        return (self._follow(),) if self._hold is None else (self._follow(), self._hold.run())

    async def _follow(self) -> None:
        # not before the peer is connected: frames queued for it until then would be stale
        sink = self._hold or self.track
        self._fanout.join(sink)
        self._want_key_frame()
        try:
            await self.ended.wait()
        finally:
            self._fanout.leave(sink)
            self.track.stop()

    def _learn(self, last_pts: int) -> None:
        if self._timestamps is not None:
            self._timestamps.learn(last_pts)
