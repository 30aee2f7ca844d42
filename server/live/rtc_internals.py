"""Every private attribute of aiortc and aioice that the server touches.

They have no public way to: release video frames before the next one begins, repeat a NACK, forward coded frames, learn
the RTP timestamp of a sent frame, answer a viewer's request for a key frame, or say when a silent peer is given up.
`check_versions` refuses the versions this was not written for; `tests/unit/live/test_rtc_internals.py` holds the rest.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

import aioice.ice
from aioice.stun import TransactionError
from aiortc import RTCPeerConnection, RTCRtpReceiver, RTCRtpSender
from aiortc.rtp import RtpPacket

from server.live.codec import VideoCodec
from server.live.reassembly import NACK_S, EncodedFrame, FrameAssembler, VideoPacket

AIORTC_VERSION = "1.16"
AIOICE_VERSION = "0.13"
CONSENT_INTERVAL_S = 0.4
"""Between two checks that the peer still answers (RFC 7675)."""
CONSENT_FAILURES = 3
"""Unanswered checks in a row, 0.5 s each, after which the peer is gone: under 3 s in all."""
MEDIA_FRESH_S = 1.0
"""How long a packet counts as a sign of life of a sender that answers no check."""
ICE_TICK_S = 0.05
"""More than the time between two ICE checks, after which a closed peer's last task has ended."""
KEY_FRAME_INTERVAL_S = 0.3
"""Requests for a key frame by viewers are merged within this time."""

_RECEIVER = "_RTCRtpReceiver__"
_SENDER = "_RTCRtpSender__"
_logger = logging.getLogger(__name__)


class InternalsChanged(RuntimeError):
    """The installed aiortc or aioice is not the one this code knows."""


def check_versions() -> None:
    """Raise `InternalsChanged` unless the versions known to this file are installed."""
    for package, known in (("aiortc", AIORTC_VERSION), ("aioice", AIOICE_VERSION)):
        if version(package).split(".")[:2] != known.split("."):
            raise InternalsChanged(f"{package} {version(package)} is installed, {known} is needed")


def shorten_consent() -> None:
    """Notice a dead peer within 3 s instead of 30 s; holds for the whole process."""
    _known(aioice.ice, "CONSENT_INTERVAL")
    _known(aioice.ice, "CONSENT_FAILURES")
    vars(aioice.ice).update(CONSENT_INTERVAL=CONSENT_INTERVAL_S, CONSENT_FAILURES=CONSENT_FAILURES)


def _known(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError as error:
        raise InternalsChanged(f"{owner!r} has no {name}") from error


def take_media_as_consent(receiver: RTCRtpReceiver, heard_at: Callable[[], float]) -> None:
    """Keep the connection of `receiver` also while packets come, though no check is answered.

    FFmpeg's muxer answers none once it sends. Its packets are authenticated, so they prove no less than an answer that
    the peer is there. A peer that has ever answered is held to it. Call it before the connection is made; `heard_at` is
    the monotonic time of the newest packet.
    """
    ice = _known(_known(_known(receiver, "transport"), "transport"), "_connection")
    for name in ("query_consent", "build_request", "_nominated", "_query_consent_task"):
        _known(ice, name)
    vars(ice)["query_consent"] = partial(_query_consent, ice, heard_at)


async def _query_consent(ice: Any, heard_at: Callable[[], float]) -> None:
    """In the place of aioice's `Connection.query_consent`: check until the peer is gone, then close."""
    failures, answers = 0, False
    while failures < CONSENT_FAILURES:
        await asyncio.sleep(CONSENT_INTERVAL_S * random.uniform(0.8, 1.2))  # noqa: S311  spreads the load
        for pair in tuple(ice._nominated.values()):
            if await _is_answered(ice, pair):
                failures, answers = 0, True
            elif not answers and time.monotonic() - heard_at() < MEDIA_FRESH_S:
                failures = 0
            else:
                failures += 1
    ice._query_consent_task = None
    await ice.close()


async def _is_answered(ice: Any, pair: Any) -> bool:
    request = ice.build_request(pair, nominate=False)
    password = ice.remote_password.encode()
    try:
        await pair.protocol.request(request, pair.remote_addr, integrity_key=password, retransmissions=0)
    except TransactionError:
        return False
    return True


async def close_connection(connection: RTCPeerConnection) -> None:
    """Close it, and what aioice would leave behind: a connection closed while it connects starts consent checks that
    nobody ends.
    """
    connected = connection.connectionState == "connected"
    await connection.close()
    if connected:
        return
    await asyncio.sleep(ICE_TICK_S)
    owners = [one.receiver for one in connection.getTransceivers()]
    transports = {owner.transport.transport for owner in (*owners, connection.sctp) if owner is not None}
    for transport in transports:
        task: asyncio.Task[None] | None = _known(_known(transport, "_connection"), "_query_consent_task")
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


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
        self.nacks = 0
        """Requests for lost packets sent."""
        self.plis = 0
        """Requests for key frames sent."""
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
        self._handle = _known(self._receiver, "_handle_rtp_packet")
        for name, substitute in (("jitter_buffer", self), ("nack_generator", _NoNacks())):
            _known(self._receiver, _RECEIVER + name)
            setattr(self._receiver, _RECEIVER + name, substitute)
        for name in ("_send_rtcp_nack", "_send_rtcp_pli"):
            _known(self._receiver, name)
        self._receiver._handle_rtp_packet = self._handle_rtp_packet

    def add(self, packet: RtpPacket) -> tuple[bool, None]:
        """In the place of `JitterBuffer.add`: the packet comes with its payload parsed and RTX unwrapped."""
        data: bytes = packet._data  # type: ignore[attr-defined]
        self._ssrc, self.heard_at = packet.ssrc, self._clock()
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
            self.nacks += 1
            await self._receiver._send_rtcp_nack(self._ssrc, sorted(numbers))
        if self._key_frame_due(now):
            self.plis += 1
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
        _known(sender, _SENDER + "rtp_timestamp")
        _known(sender, _SENDER + "packet_count")
        self.origin: int | None = None
        """RTP timestamp of presentation time 0; None before the first frame was sent."""

    def learn(self, last_pts: int) -> None:
        """Call when the track is asked for the frame after the one of `last_pts` (90 kHz ticks)."""
        if self.origin is None and _known(self._sender, _SENDER + "packet_count"):
            self.origin = (_known(self._sender, _SENDER + "rtp_timestamp") - last_pts) & 0xFFFFFFFF

    def of(self, pts: int) -> int | None:
        """The timestamp on the wire of the frame of `pts`."""
        return None if self.origin is None else (self.origin + pts) & 0xFFFFFFFF


def answer_key_frame_requests(sender: RTCRtpSender, callback: Callable[[], None]) -> None:
    """Call `callback` when the receiver of `sender` asks for a key frame (PLI or FIR).

    Left alone, a sender of ready-made packets drops such requests.
    """
    _known(sender, "_send_keyframe")
    vars(sender)["_send_keyframe"] = callback
