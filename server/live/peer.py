"""What a publisher and a viewer have in common: one peer connection and its life."""

import asyncio
import logging
import secrets
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Iterable, Sequence
from typing import Any

from aiortc import (
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpReceiver,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.exceptions import OperationError

from server.live.codec import VideoCodec
from server.live.errors import MalformedOffer, OfferRefused
from server.live.ice import IceServer, configuration
from server.live.offer import MAX_CANDIDATES, Fragment, Offer
from server.live.rtc_guards import guard
from station.protocol import OVERLAY_CHANNEL, PreviewOverlay, encode_overlay
from station.rtc import close_connection, watch_consent

CONNECT_LIMIT_S = 10.0
"""How long a peer may take from its offer to being connected."""
_CLOSE_LIMIT_S = 5.0
_RTX = "video/rtx"
_CHANNEL_BACKLOG = 64 * 1024  # bytes of overlays that may wait for a slow peer
_logger = logging.getLogger(__name__)


class Peer(ABC):
    """One WebRTC session. `run` is its whole life; `close` may be called at any time, any number of times."""

    def __init__(self, booth: str, ice_servers: Iterable[IceServer] = ()) -> None:
        self.booth = booth
        self.session_id = secrets.token_urlsafe(24)
        self.etag = f'"{secrets.token_hex(8)}"'
        """Entity tag of the ICE session; it never changes, since ICE is not restarted."""
        self.codec = VideoCodec.VP8
        """Of its video; settled by `answer`."""
        self.connection = RTCPeerConnection(configuration(ice_servers))
        self.ended = asyncio.Event()
        self.abusive = False
        """Ended because it sent what is of no use."""
        self._settled = asyncio.Event()
        self._channel: RTCDataChannel | None = None
        self._candidates = 0
        self._offer: Offer | None = None
        self.connection.add_listener("connectionstatechange", self._note_state)
        self.connection.add_listener("datachannel", self._note_channel)

    @abstractmethod
    def _choose_codec(self, offer: Offer) -> VideoCodec:
        """The codec of the answer; raises `OfferRefused`."""

    @abstractmethod
    def _add_video(self) -> RTCRtpTransceiver:
        """The one video that this peer sends or gets."""

    @abstractmethod
    def _jobs(self) -> Sequence[Coroutine[Any, Any, None]]:
        """What goes on while the peer is connected; cancelled at its end."""

    async def answer(self, offer: Offer) -> str:
        """The SDP answer, with all candidates; raises `MalformedOffer` or `OfferRefused`."""
        self._offer, self._candidates = offer, offer.candidates
        self.codec = self._choose_codec(offer)
        capabilities = RTCRtpReceiver.getCapabilities("video")
        codecs = capabilities.codecs if capabilities else []
        wanted = (self.codec.mime_type, _RTX)
        self._add_video().setCodecPreferences([one for one in codecs if one.mimeType in wanted])
        try:
            await self.connection.setRemoteDescription(RTCSessionDescription(offer.sdp, "offer"))
        except OperationError as error:
            raise OfferRefused(
                f"no {self.codec} of the offer is served; H264 must be baseline with packetization-mode=1"
            ) from error
        except Exception as error:  # the parser meets foreign text here, and fails in as many ways
            raise MalformedOffer(f"the offer cannot be read: {type(error).__name__}") from error
        for transceiver in self.connection.getTransceivers():
            if transceiver.kind == "audio":
                transceiver.direction = "inactive"
        try:
            await self.connection.setLocalDescription(await self.connection.createAnswer())
        except Exception as error:  # as above: what the offer left out shows here
            raise OfferRefused(f"the offer cannot be answered: {type(error).__name__}") from error
        guard(self.connection, self._abused)
        watch_consent(self.connection, self._heard_at)
        return self.connection.localDescription.sdp

    async def trickle(self, fragment: Fragment) -> None:
        """Add candidates; raises `OfferRefused` for an ICE restart or too many."""
        assert self._offer is not None
        if fragment.ice_ufrag not in (None, self._offer.ice_ufrag):
            raise OfferRefused("ICE restart is not served: end this session and post a new offer")
        self._candidates += len(fragment.candidates)
        if self._candidates > MAX_CANDIDATES:
            raise OfferRefused(f"more than {MAX_CANDIDATES} candidates")
        for candidate in fragment.candidates:
            await self.connection.addIceCandidate(candidate)
        if fragment.complete:
            await self.connection.addIceCandidate(None)

    async def run(self) -> None:
        """Live until the peer leaves, stays silent, does not connect in time, or is closed."""
        try:
            if await self._connects():
                async with asyncio.TaskGroup() as group:
                    jobs = [group.create_task(job, name=f"peer-{self.booth}") for job in self._jobs()]
                    await self.ended.wait()
                    for job in jobs:
                        job.cancel()
        finally:
            await self.close()

    async def close(self) -> None:
        """End the session and free everything it holds."""
        self._end()
        try:
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                await close_connection(self.connection)
        except TimeoutError:
            _logger.warning("a peer connection did not close in time")

    def send_overlay(self, message: PreviewOverlay) -> bool:
        """Send on the overlay channel, if the peer has opened it and keeps up; True if it went out."""
        channel = self._channel
        if channel is None or channel.readyState != "open" or channel.bufferedAmount > _CHANNEL_BACKLOG:
            return False
        channel.send(encode_overlay(message).decode())
        return True

    async def _connects(self) -> bool:
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                await self._settled.wait()
        except TimeoutError:
            return False
        return not self.ended.is_set()

    def _note_state(self) -> None:
        state = self.connection.connectionState
        if state == "connected":
            self._settled.set()
        elif state in ("failed", "closed"):
            self._end()

    def _heard_at(self) -> float:
        """Monotonic time at which media came last, s: one that sends is alive, even if it answers no check of that."""
        return float("-inf")

    def _abused(self, why: str) -> None:
        if not self.ended.is_set():
            self.abusive = True
            _logger.warning("a live session was ended: %s", why, extra={"booth": self.booth})
            self._end()

    def _end(self) -> None:
        self.ended.set()
        self._settled.set()

    def _note_channel(self, channel: RTCDataChannel) -> None:
        if channel.label == OVERLAY_CHANNEL and self._channel is None:
            self._channel = channel
        else:
            channel.close()
