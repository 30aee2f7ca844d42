"""The private parts of aiortc that the server builds on are as it knows them."""

import asyncio
import gc
from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection, RTCRtpReceiver, RTCSessionDescription

from server.live.reassembly import EncodedFrame
from server.live.rtc_guards import bound_repeats
from server.live.rtc_internals import (
    KEY_FRAME_INTERVAL_S,
    SentTimestamps,
    VideoIntake,
    answer_key_frame_requests,
)
from station.rtc import (
    CHECK_INTERVAL_S,
    CHECKS_MISSED,
    InternalsChanged,
    check_versions,
    close_connection,
    internals,
    watch_consent,
)

pytestmark = pytest.mark.unit


def test_the_installed_versions_are_the_known_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    check_versions()
    monkeypatch.setattr(internals, "version", lambda name: "1.17.0")
    with pytest.raises(InternalsChanged, match=r"aiortc 1\.17\.0"):
        check_versions()
    assert metadata.version("aiortc").startswith(internals.AIORTC_VERSION)


def test_a_dead_peer_is_noticed_within_three_seconds() -> None:
    assert CHECKS_MISSED * CHECK_INTERVAL_S * 1.2 < 3.0


async def test_a_missing_attribute_is_named() -> None:
    with pytest.raises(InternalsChanged, match="_handle_rtp_packet"):
        VideoIntake(object(), lambda frame: None)  # type: ignore[arg-type]
    with pytest.raises(InternalsChanged, match="rtp_timestamp"):
        SentTimestamps(object())  # type: ignore[arg-type]
    with pytest.raises(InternalsChanged, match="_retransmit"):
        bound_repeats(object())  # type: ignore[arg-type]
    with pytest.raises(InternalsChanged, match="_send_keyframe"):
        answer_key_frame_requests(object(), lambda: None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("heard", "kept"), [(True, True), (False, False)])
async def test_a_peer_that_answers_no_check_is_kept_while_it_sends(heard: bool, kept: bool) -> None:
    assert await _kept(_deaf, heard, 3.6 if kept else 20.0) is kept


async def test_a_peer_that_is_slow_to_answer_is_kept() -> None:
    assert await _kept(_slow, heard=False, for_s=3.6)


async def _kept(hinder: Callable[[RTCPeerConnection], None], heard: bool, for_s: float) -> bool:
    """Whether a peer that answers checks so stays connected."""
    sending, receiving = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    sending.addTransceiver("video", direction="sendonly")
    receiving.addTransceiver("video", direction="recvonly")
    await sending.setLocalDescription(await sending.createOffer())
    await receiving.setRemoteDescription(sending.localDescription)
    await receiving.setLocalDescription(await receiving.createAnswer())
    watch_consent(receiving, lambda: asyncio.get_running_loop().time() if heard else float("-inf"))
    hinder(sending)
    await sending.setRemoteDescription(receiving.localDescription)
    async with asyncio.timeout(20):
        while receiving.connectionState != "connected":
            await asyncio.sleep(0.01)
    until = asyncio.get_running_loop().time() + for_s
    while (kept := receiving.connectionState == "connected") and asyncio.get_running_loop().time() < until:
        await asyncio.sleep(0.01)
    for peer in (sending, receiving):
        await close_connection(peer)
    return kept


def _slow(peer: RTCPeerConnection) -> None:
    """Let the peer answer the checks that make the connection at once, and later ones after a second."""
    ice = peer.getTransceivers()[0].sender.transport.transport._connection
    answer = ice.request_received

    def late(*arguments: Any) -> None:
        if peer.connectionState != "connected":
            answer(*arguments)
        else:
            asyncio.get_running_loop().call_later(1.0, answer, *arguments)

    vars(ice)["request_received"] = late


def _deaf(peer: RTCPeerConnection) -> None:
    """Let the peer answer the checks that make the connection, and none later."""
    transport = peer.getTransceivers()[0].sender.transport.transport
    ice = transport._connection
    answer = ice.request_received

    def once(*arguments: Any) -> None:
        if peer.connectionState != "connected":
            answer(*arguments)

    vars(ice)["request_received"] = once


async def test_a_failing_packet_does_not_end_the_transport() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver: RTCRtpReceiver = peer.addTransceiver("video", direction="recvonly").receiver
    frames: list[EncodedFrame] = []
    VideoIntake(receiver, frames.append)
    await receiver._handle_rtp_packet(None, arrival_time_ms=0)  # type: ignore[arg-type]
    assert frames == []
    await peer.close()


async def test_key_frame_requests_close_together_become_one() -> None:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    receiver = peer.addTransceiver("video", direction="recvonly").receiver
    asked: list[int] = []

    async def send_pli(ssrc: int) -> None:
        asked.append(ssrc)

    vars(receiver)["_send_rtcp_pli"] = send_pli
    now = 100.0
    intake = VideoIntake(receiver, lambda frame: None, clock=lambda: now)
    vars(intake)["_ssrc"] = 7
    running = asyncio.create_task(intake.run())
    for sent in (1, 2):
        async with asyncio.timeout(20):
            while len(asked) < sent:
                intake.request_key_frame()
                await asyncio.sleep(0.01)
        for _ in range(20):
            intake.request_key_frame()
            await asyncio.sleep(0.01)
        assert asked == [7] * sent
        now += 2 * KEY_FRAME_INTERVAL_S
    running.cancel()
    await asyncio.wait({running})
    await peer.close()


@pytest.mark.parametrize("after_s", [None, 0.0, 0.01, 0.02, 0.03, 0.04, 0.06, 0.1])
async def test_a_connection_closed_while_it_connects_leaves_nothing(after_s: float | None) -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    one, two = (RTCPeerConnection(RTCConfiguration(iceServers=[])) for _ in range(2))
    one.addTransceiver("video", direction="sendonly")
    one.createDataChannel("any")
    await one.setLocalDescription(await one.createOffer())
    await two.setRemoteDescription(RTCSessionDescription(one.localDescription.sdp, "offer"))
    await two.setLocalDescription(await two.createAnswer())
    await one.setRemoteDescription(RTCSessionDescription(two.localDescription.sdp, "answer"))
    if after_s is not None:
        await asyncio.sleep(after_s)
    await asyncio.gather(close_connection(one), close_connection(two))
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    gc.collect()
    assert complaints == [], "a task that failed was asked by nobody"
