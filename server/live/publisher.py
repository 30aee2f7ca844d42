"""The peer that sends a booth's preview (WHIP)."""

import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import Executor
from typing import Any

from aiortc import RTCRtpTransceiver

from server.live.codec import VideoCodec
from server.live.decoding import DecodedFrame, StreamDecoder
from server.live.ice import IceServer
from server.live.offer import Offer
from server.live.peer import Peer
from server.live.reassembly import EncodedFrame
from server.live.rtc_internals import VideoIntake


class Publisher(Peer):
    """Receives one booth's stream: coded frames to `on_frame`, the newest decoded picture to `on_picture`."""

    def __init__(
        self,
        booth: str,
        executor: Executor,
        *,
        on_frame: Callable[[EncodedFrame], None],
        on_picture: Callable[[DecodedFrame], None],
        ice_servers: Iterable[IceServer] = (),
    ) -> None:
        super().__init__(booth, ice_servers)
        self._executor = executor
        self._on_frame = on_frame
        self._on_picture = on_picture
        self._decoder: StreamDecoder | None = None
        self._intake: VideoIntake | None = None
        self.newest_at: float | None = None
        """Monotonic time of the newest coded frame, s."""

    @property
    def given_up(self) -> int:
        """Times that a lost packet was not waited for any longer."""
        return 0 if self._intake is None else self._intake.given_up

    def request_key_frame(self) -> None:
        """Ask the booth for a key frame; requests close together become one."""
        if self._intake is not None:
            self._intake.request_key_frame()

    def _choose_codec(self, offer: Offer) -> VideoCodec:
        return offer.codecs[0]

    def _add_video(self) -> RTCRtpTransceiver:
        transceiver = self.connection.addTransceiver("video", direction="recvonly")
        self._intake = VideoIntake(transceiver.receiver, self._take, codec=self.codec)
        self._decoder = StreamDecoder(
            self._executor, self._on_picture, self._require_key_frame, codec=self.codec
        )
        return transceiver

    def _heard_at(self) -> float:
        return super()._heard_at() if self._intake is None else self._intake.heard_at

    def _jobs(self) -> Sequence[Coroutine[Any, Any, None]]:
        assert self._intake is not None
        assert self._decoder is not None
        return (self._intake.run(), self._decoder.run())

    def _take(self, frame: EncodedFrame) -> None:
        assert self._decoder is not None
        self.newest_at = time.monotonic()
        self._on_frame(frame)
        self._decoder.push(frame, self.newest_at)

    def _require_key_frame(self) -> None:
        if self._intake is not None:
            self._intake.require_key_frame()
