"""The peer that watches a booth (WHEP)."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from aiortc import RTCRtpTransceiver

from server.live.fanout import Fanout, ViewerTrack
from server.live.peer import Peer
from server.live.rtc_internals import SentTimestamps, answer_key_frame_requests
from station.protocol import Overlay, PreviewOverlay


class Viewer(Peer):
    """Gets a booth's coded frames as they are, and overlays named by the timestamps of its own stream."""

    def __init__(self, booth: str, fanout: Fanout, want_key_frame: Callable[[], None]) -> None:
        super().__init__(booth)
        self._fanout = fanout
        self._want_key_frame = want_key_frame
        self._timestamps: SentTimestamps | None = None
        self.track = ViewerTrack(want_key_frame, self._learn)

    def show(self, pts: int, overlay: Overlay) -> bool:
        """Send the overlay of the frame that was forwarded with this presentation time; True if it went out."""
        timestamp = None if self._timestamps is None else self._timestamps.of(pts)
        if timestamp is None:
            return False
        return self.send_overlay(PreviewOverlay(rtp_timestamp=timestamp, overlay=overlay))

    def _add_video(self) -> RTCRtpTransceiver:
        transceiver = self.connection.addTransceiver(self.track, direction="sendonly")
        self._timestamps = SentTimestamps(transceiver.sender)
        answer_key_frame_requests(transceiver.sender, self._want_key_frame)
        return transceiver

    def _jobs(self) -> Sequence[Coroutine[Any, Any, None]]:
        return (self._follow(),)

    async def _follow(self) -> None:
        # not before the peer is connected: frames queued for it until then would be stale
        self._fanout.join(self.track)
        self._want_key_frame()
        try:
            await self.ended.wait()
        finally:
            self._fanout.leave(self.track)
            self.track.stop()

    def _learn(self, last_pts: int) -> None:
        if self._timestamps is not None:
            self._timestamps.learn(last_pts)
