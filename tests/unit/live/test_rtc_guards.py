"""Bounds on one peer's packets, and on anybody's doings per time."""

import asyncio
from typing import Any

import pylibsrtp
import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from server.live import rtc_guards
from server.live.allowance import Allowance
from server.live.rtc_guards import bound_repeats, guard

pytestmark = pytest.mark.unit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_an_allowance_is_used_up_and_comes_back() -> None:
    clock = Clock()
    allowance = Allowance(3, 2, clock=clock)
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]
    assert allowance.wait_s == 0.5
    clock.now = 0.5
    assert allowance.wait_s == 0
    assert [allowance.take() for _ in range(2)] == [True, False]
    clock.now = 100
    assert [allowance.take() for _ in range(4)] == [True, True, True, False]


class Session:
    """An SRTP session that opens everything but forgeries."""

    def unprotect(self, data: bytes) -> bytes:
        if data.endswith(b"forged"):
            raise pylibsrtp.Error("authentication failure")
        return data

    unprotect_rtcp = unprotect


def rtp(ssrc: int, content: bytes = b"") -> bytes:
    return bytes(8) + ssrc.to_bytes(4, "big") + content


def test_forged_streams_do_not_take_the_place_of_true_ones() -> None:
    srtp = rtc_guards._BoundedSrtp(Session())  # type: ignore[arg-type]
    for ssrc in range(100):
        with pytest.raises(pylibsrtp.Error):
            srtp.unprotect(rtp(ssrc, b"forged"))
    for ssrc in range(rtc_guards.MAX_STREAMS):
        assert srtp.unprotect(rtp(ssrc))
    with pytest.raises(pylibsrtp.Error, match="streams"):
        srtp.unprotect(rtp(99))
    assert srtp.unprotect(rtp(0))


def test_control_packets_are_bounded() -> None:
    srtp = rtc_guards._BoundedSrtp(Session())  # type: ignore[arg-type]
    opened = 0
    for _ in range(1000):
        try:
            opened += bool(srtp.unprotect_rtcp(rtp(1)))
        except pylibsrtp.Error:
            continue
    assert 200 <= opened < 400


async def test_repeats_are_bounded() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    sender: Any = peer.addTransceiver("video", direction="sendonly").sender
    asked: list[int] = []

    async def repeat(number: int) -> None:
        asked.append(number)

    vars(sender)["_retransmit"] = repeat
    bound_repeats(sender)
    for number in range(5000):
        await sender._retransmit(number)
    assert 256 <= len(asked) < 1000
    await peer.close()


async def test_the_inbox_is_bounded() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    transceiver = peer.addTransceiver("video", direction="recvonly")
    heard: list[str] = []
    guard(peer, heard.append)
    ice: Any = transceiver.receiver.transport.transport
    for data in (b"", bytes(rtc_guards.MAX_DATAGRAM_BYTES + 1)):
        ice._connection.data_received(data, 1)
    assert ice._connection._queue.qsize() == 0
    for _ in range(2 * rtc_guards.INBOX):
        ice._connection.data_received(b"data", 1)
    assert ice._connection._queue.qsize() == rtc_guards.INBOX
    assert heard == []
    await peer.close()


async def test_acknowledgements_are_no_flood_but_a_flood_is() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    peer.createDataChannel("overlay")
    heard: list[str] = []
    guard(peer, heard.append)
    sctp: Any = peer.sctp
    for _ in range(900):
        await sctp._handle_data(b"not for this association")
    assert heard == []
    for _ in range(1500):
        await sctp._handle_data(b"not for this association")
    assert set(heard) == {"it floods its data channel"}
    await asyncio.sleep(0)
    await peer.close()
