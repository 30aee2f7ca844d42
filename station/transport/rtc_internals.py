"""Every private attribute of aiortc and aioice that the station touches.

They have no public way to: learn the RTP timestamp of a sent frame, hear a receiver's bandwidth estimate and its
requests for a key frame when frames are coded outside, or set how soon a silent peer is given up.
`check_versions` refuses the versions this was not written for; `tests/unit/transport/test_preview.py` holds the rest.
"""

import asyncio
import random
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from aioice.stun import TransactionError
from aiortc import RTCIceTransport, RTCPeerConnection, RTCRtpSender
from aiortc.codecs.vpx import Vp8Encoder

AIORTC_VERSION = "1.16"
AIOICE_VERSION = "0.13"
CHECK_INTERVAL_S = 0.4
"""Between two checks that the server still answers (RFC 7675)."""
CHECKS_MISSED = 6
"""Checks in a row, within less than 3 s, in whose time no answer came: then the server is gone."""
ICE_TICK_S = 0.05
"""More than the time between two ICE checks, after which a closed connection's last task has ended."""

_SENDER = "_RTCRtpSender__"


class InternalsChanged(RuntimeError):
    """The installed aiortc or aioice is not the one this code knows."""


def check_versions() -> None:
    """Raise `InternalsChanged` unless the versions known to this file are installed."""
    for package, known in (("aiortc", AIORTC_VERSION), ("aioice", AIOICE_VERSION)):
        if version(package).split(".")[:2] != known.split("."):
            raise InternalsChanged(f"{package} {version(package)} is installed, {known} is needed")


def _known(owner: Any, name: str) -> Any:
    try:
        return getattr(owner, name)
    except AttributeError as error:
        raise InternalsChanged(f"{owner!r} has no {name}") from error


def watch_consent(connection: RTCPeerConnection) -> None:
    """Close `connection` within 3 s when its peer is gone; call it before the connection is made.

    Checks go out at a steady pace, and any answer to any of the last ones counts: one that is slow to answer, because
    its machine is busy, is still there.
    """
    for transport in _ice_transports(connection):
        ice = _known(transport, "_connection")
        for name in ("query_consent", "build_request", "_nominated", "_query_consent_task"):
            _known(ice, name)
        vars(ice)["query_consent"] = partial(_query_consent, ice)


async def _query_consent(ice: Any) -> None:
    """In the place of aioice's `Connection.query_consent`."""
    missed, checks = [0], set[asyncio.Task[None]]()
    try:
        while missed[0] < CHECKS_MISSED:
            await asyncio.sleep(CHECK_INTERVAL_S * random.uniform(0.8, 1.2))  # noqa: S311  spreads the load
            missed[0] += 1
            for pair in tuple(ice._nominated.values()):
                check = asyncio.create_task(_check(ice, pair, missed), name="consent")
                checks.add(check)
                check.add_done_callback(checks.discard)
    finally:
        for check in tuple(checks):
            check.cancel()
        await asyncio.gather(*checks, return_exceptions=True)
    ice._query_consent_task = None
    await ice.close()


async def _check(ice: Any, pair: Any, missed: list[int]) -> None:
    request, password = ice.build_request(pair, nominate=False), ice.remote_password.encode()
    try:
        await pair.protocol.request(request, pair.remote_addr, integrity_key=password, retransmissions=1)
    except TransactionError:
        return
    missed[0] = 0


def _ice_transports(connection: RTCPeerConnection) -> set[RTCIceTransport]:
    owners = [one.receiver for one in connection.getTransceivers()]
    return {owner.transport.transport for owner in (*owners, connection.sctp) if owner is not None}


async def close_connection(connection: RTCPeerConnection) -> None:
    """Close it, and what aioice would leave behind: a connection closed while it connects starts consent checks that
    nobody ends.
    """
    connected = connection.connectionState == "connected"
    await connection.close()
    if connected:
        return
    await asyncio.sleep(ICE_TICK_S)
    for transport in _ice_transports(connection):
        task: asyncio.Task[None] | None = _known(_known(transport, "_connection"), "_query_consent_task")
        if task is not None:
            task.cancel()
            await asyncio.wait({task})


class _Packetiser(Vp8Encoder):
    """In the place of the sender's encoder: cuts ready-made frames into packets and hears bandwidth estimates."""

    def __init__(self, on_bitrate: Callable[[int], None]) -> None:
        super().__init__()
        self._on_bitrate = on_bitrate
        self._bitrate = 0

    @property
    def target_bitrate(self) -> int:
        return self._bitrate

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        self._bitrate = bitrate
        self._on_bitrate(bitrate)


class PacketSender:
    """A sender of frames that were coded outside it.

    `on_bitrate` hears the receiver's estimate of what the path carries (REMB), bit/s; `on_key_frame` hears that it
    needs a key frame (PLI or FIR). The sender adds a random origin to the presentation time. It sends one frame after
    the other, so when its track is asked for the next frame, the timestamp it last used belongs to the frame before.
    """

    def __init__(
        self, sender: RTCRtpSender, *, on_bitrate: Callable[[int], None], on_key_frame: Callable[[], None]
    ) -> None:
        self._sender: Any = sender
        for name in ("encoder", "rtp_timestamp", "packet_count"):
            _known(sender, _SENDER + name)
        _known(sender, "_send_keyframe")
        setattr(sender, _SENDER + "encoder", _Packetiser(on_bitrate))
        vars(sender)["_send_keyframe"] = on_key_frame
        self.origin: int | None = None
        """RTP timestamp of presentation time 0; None before the first frame was sent."""

    def learn_origin(self, last_pts: int) -> None:
        """Call when the track is asked for the frame after the one of `last_pts` (90 kHz ticks)."""
        if self.origin is None and _known(self._sender, _SENDER + "packet_count"):
            self.origin = (_known(self._sender, _SENDER + "rtp_timestamp") - last_pts) & 0xFFFFFFFF

    def pts_of(self, rtp_timestamp: int) -> int | None:
        """Presentation time, modulo 2^32, of the frame sent under this timestamp."""
        return None if self.origin is None else (rtp_timestamp - self.origin) & 0xFFFFFFFF
