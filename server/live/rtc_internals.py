"""The private attributes of aiortc and aioice that the server touches, with those in `rtc_guards` and `station.rtc`.

They have no public way to: release video frames before the next one begins, repeat a NACK, forward coded frames, learn
the RTP timestamp of a sent frame, or answer a viewer's request for a key frame.
`station.rtc.check_versions` refuses the versions this was not written for; `tests/unit/live/test_rtc_internals.py` holds
the rest.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from aiortc import RTCRtpReceiver, RTCRtpSender
from aiortc.rtp import RtpPacket

from server.live.codec import VideoCodec
from server.live.reassembly import NACK_S, EncodedFrame, FrameAssembler, VideoPacket
from station.rtc import known

KEY_FRAME_INTERVAL_S = 0.3
"""Requests for a key frame by viewers are merged within this time."""
STREAM_KEPT_S = 1.0
"""A sender's next stream (SSRC) counts once the one before has been silent so long."""

_RECEIVER = "_RTCRtpReceiver__"
_SENDER = "_RTCRtpSender__"
_logger = logging.getLogger(__name__)


class VideoIntake:
    """Takes the packets of one receiver and gives coded frames, by the policy of `reassembly`.

    The receiver's own jitter buffer and decoder get nothing; its statistics and bandwidth estimates go on.
    `on_frame` is called on the event loop. Run `run` beside it: it repairs what no further packet would.
    """

    def __init__(
        self,
        receiver: RTCRtpReceiver,
        on_frame: Callable[[EncodedFrame], None],
        *,
        codec: VideoCodec = VideoCodec.VP8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receiver: Any = receiver
        self._codec = codec
        self._on_frame = on_frame
        self._clock = clock
        self._assembler = FrameAssembler()
        self._ssrc: int | None = None
        self._disturbed = asyncio.Event()
        self._key_asked = False
        self._key_sent = float("-inf")
        self.heard_at = float("-inf")
        """Time of the newest packet by `clock`, s."""
        self._take_over()

    @property
    def given_up(self) -> int:
        """Times that a lost packet was not waited for any longer."""
        return self._assembler.given_up

    async def run(self) -> None:
        """Repeat requests and give up in time while packets stay away; runs until it is cancelled."""
        while True:
            await self._disturbed.wait()
            await asyncio.sleep(NACK_S)
            await self._advance()
            if not (self._assembler.disturbed or self._key_asked):
                self._disturbed.clear()

    def request_key_frame(self) -> None:
        """Ask the sender for a key frame soon; requests close together become one."""
        self._key_asked = True
        self._disturbed.set()

    def require_key_frame(self) -> None:
        """The decoder lost its state: drop frames until a key frame."""
        self._assembler.require_key_frame()
        self._disturbed.set()

    def _take_over(self) -> None:
        self._handle = known(self._receiver, "_handle_rtp_packet")
        for name, substitute in (("jitter_buffer", self), ("nack_generator", _NoNacks())):
            known(self._receiver, _RECEIVER + name)
            setattr(self._receiver, _RECEIVER + name, substitute)
        for name in ("_send_rtcp_nack", "_send_rtcp_pli"):
            known(self._receiver, name)
        self._receiver._handle_rtp_packet = self._handle_rtp_packet

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """In the place of `JitterBuffer.add`: the packet comes with its payload parsed and RTX unwrapped."""
        data: bytes = packet._data  # type: ignore[attr-defined]
        now = self._clock()
        if packet.ssrc != self._ssrc:
            if now - self.heard_at < STREAM_KEPT_S:
                return False, None
            self._assembler.begin_anew()
        self._ssrc, self.heard_at = packet.ssrc, now
        self._assembler.add(
            VideoPacket(
                sequence_number=packet.sequence_number,
                timestamp=packet.timestamp,
                marker=bool(packet.marker),
                starts_frame=self._codec.begins(packet.payload, data),
                key=self._codec.begins_key_frame(packet.payload, data),
                data=data,
            ),
            self.heard_at,
        )
        return False, None

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        try:
            await self._handle(packet, arrival_time_ms=arrival_time_ms)
            await self._advance()
        except Exception:  # an exception here would silently end the peer's transport
            _logger.exception("an RTP packet could not be handled")
            self.require_key_frame()

    async def _advance(self) -> None:
        now = self._clock()
        for frame in self._assembler.frames(now):
            self._on_frame(frame)
        if self._ssrc is None:
            return
        if self._assembler.disturbed:
            self._disturbed.set()
        if numbers := self._assembler.numbers_to_request(now):
            await self._receiver._send_rtcp_nack(self._ssrc, sorted(numbers))
        if self._key_frame_due(now):
            await self._receiver._send_rtcp_pli(self._ssrc)

    def _key_frame_due(self, now: float) -> bool:
        wanted = self._key_asked and now - self._key_sent >= KEY_FRAME_INTERVAL_S
        if not (self._assembler.key_frame_due(now) or wanted):
            return False
        self._key_asked, self._key_sent = False, now
        return True


class _NoNacks:
    """In the place of `NackGenerator`: the intake sends them."""

    def __init__(self) -> None:
        self.missing: set[int] = set()

    def add(self, packet: RtpPacket) -> bool:
        return False


class SentTimestamps:
    """The RTP timestamps under which one sender's packets travel.

    The sender adds a random origin to the presentation time. It sends one frame after the other, so when its track
    is asked for the next frame, the timestamp it last used belongs to the frame before.
    """

    def __init__(self, sender: RTCRtpSender) -> None:
        self._sender: Any = sender
        known(sender, _SENDER + "rtp_timestamp")
        known(sender, _SENDER + "packet_count")
        self.origin: int | None = None
        """RTP timestamp of presentation time 0; None before the first frame was sent."""

    def learn(self, last_pts: int) -> None:
        """Call when the track is asked for the frame after the one of `last_pts` (90 kHz ticks)."""
        if self.origin is None and known(self._sender, _SENDER + "packet_count"):
            self.origin = (known(self._sender, _SENDER + "rtp_timestamp") - last_pts) & 0xFFFFFFFF

    def of(self, pts: int) -> int | None:
        """The timestamp on the wire of the frame of `pts`."""
        return None if self.origin is None else (self.origin + pts) & 0xFFFFFFFF


def answer_key_frame_requests(sender: RTCRtpSender, callback: Callable[[], None]) -> None:
    """Call `callback` when the receiver of `sender` asks for a key frame (PLI or FIR).

    Left alone, a sender of ready-made packets drops such requests.
    """
    known(sender, "_send_keyframe")
    vars(sender)["_send_keyframe"] = callback
