"""What a peer or a passer-by may send to the live doors, and that the others do not notice."""

import asyncio
import os
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCDataChannel, RTCPeerConnection, RTCSessionDescription
from aiortc.rtp import RtpPacket

from server.access import Scope
from server.live import rtc_guards
from server.live.peer import Peer
from station.protocol import OVERLAY_CHANNEL
from station.rtc import close_connection
from tests.integration.live.clients import WhepViewer, answered, booth, is_live, new_peer, offer_of, seen
from tests.integration.live.conftest import Server, open_server

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("patience")]

CANDIDATE = "a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host\r\n"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with open_server(tmp_path, viewers_per_booth=4) as opened:
        yield opened


@asynccontextmanager
async def others_go_on(server: Server) -> AsyncIterator[WhepViewer]:
    """A booth and its viewer, who see every further frame and its overlay whatever goes on in the block."""
    viewer = WhepViewer(new_peer())
    async with booth(server):
        await is_live(server)
        try:
            assert await viewer.join(server) == 201
            await seen(viewer, 5)
            yield viewer
            matched = await answered(viewer, 6, set(viewer.seen.numbers))
        finally:
            await viewer.leave()
    assert all(viewer.seen.numbers[key] == viewer.seen.overlays[key] for key in matched)


async def gone(server: Server, sessions: int = 2, limit_s: float = 60.0) -> None:
    """Once only so many sessions are left: the booth that goes on, and its viewer."""
    async with asyncio.timeout(limit_s):
        while server.hub.state().sessions > sessions:
            await asyncio.sleep(0.02)


@asynccontextmanager
async def attacker(
    server: Server, role: str
) -> AsyncIterator[tuple[RTCPeerConnection, RTCDataChannel, Peer]]:
    """A connected booth or viewer, its open channel, and its session at the server."""
    peer, opened = new_peer(), asyncio.Event()
    direction, scope = ("sendonly", Scope.PUBLISH) if role == "whip" else ("recvonly", Scope.READ)
    await offer_of(peer, direction)
    channel = peer.createDataChannel("more")
    channel.add_listener("open", opened.set)
    path = "/whip/booth2" if role == "whip" else "/whep/booth1"
    status, session = await post(server, peer.localDescription.sdp, path, scope, peer)
    assert status == 201
    async with asyncio.timeout(30):
        await opened.wait()
    try:
        yield peer, channel, server.hub.session(path.rsplit("/", 1)[1], session)
    finally:
        await close_connection(peer)
        await asyncio.sleep(0.1)  # what the closed association still had to say


async def post(
    server: Server, sdp: str, path: str, scope: Scope, peer: RTCPeerConnection | None = None
) -> tuple[int, str]:
    """Status and the session's name."""
    subject = path.rsplit("/", 1)[1]
    headers = server.headers(scope, subject=subject)
    async with server.http.post(server.url + path, data=sdp, headers=headers) as response:
        if response.status == 201 and peer is not None:
            await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
        return response.status, response.headers.get("Location", "").rsplit("/", 1)[-1]


async def test_too_much_text_is_refused(server: Server) -> None:
    sdp = await offer_of(peer := new_peer(), "sendonly")
    many = "".join(CANDIDATE.format(port=1 + number) for number in range(10_000))

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"a=x\r\n" * 200

    async with others_go_on(server):
        headers = server.headers(Scope.PUBLISH, subject="booth2")
        for body, status in ((sdp + many, 413), (sdp + many[: len(CANDIDATE) * 70], 400), (in_pieces(), 413)):
            async with server.http.post(f"{server.url}/whip/booth2", data=body, headers=headers) as response:
                assert response.status == status
                assert (await response.json(content_type=None))["title"]
    await close_connection(peer)


async def test_candidates_one_by_one_are_bounded(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.live.peer.CONNECT_LIMIT_S", 100.0)  # it stays while it is told of candidates
    sdp = await offer_of(peer := new_peer(), "sendonly")
    async with others_go_on(server):
        headers = server.headers(Scope.PUBLISH, subject="booth2")
        async with server.http.post(f"{server.url}/whip/booth2", data=sdp, headers=headers) as response:
            session, etag = response.headers["Location"], response.headers["ETag"]
        fragment = headers | {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag}
        answers = []
        for number in range(80):
            line = "a=mid:0\r\n" + CANDIDATE.format(port=20_000 + number)
            async with server.http.patch(server.url + session, data=line, headers=fragment) as response:
                answers.append(response.status)
        many = "".join(CANDIDATE.format(port=1 + number) for number in range(10_000))
        async with server.http.patch(server.url + session, data=many, headers=fragment) as response:
            assert response.status == 413
        assert answers[:50] == [204] * 50
        assert answers[-10:] == [422] * 10
        async with server.http.delete(server.url + session, headers=headers) as response:
            assert response.status == 200
        await gone(server)
    await close_connection(peer)


@pytest.mark.parametrize(
    "line", ["1 1 udp 1 127.0.0.1 70000 typ host", "1 1 udp -1 127.0.0.1 9 typ host", "x"]
)
async def test_candidates_that_are_none(server: Server, line: str) -> None:
    sdp = await offer_of(peer := new_peer(), "sendonly")
    bad = sdp + f"a=candidate:{line}\r\n"
    assert (await post(server, bad, "/whip/booth2", Scope.PUBLISH))[0] == 400
    await close_connection(peer)


@pytest.mark.parametrize("role", ["whip", "whep"])
async def test_who_floods_its_data_channel_is_ended(
    server: Server, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with others_go_on(server), attacker(server, role) as (_, channel, session):
        for number in range(400):
            channel.send(f"{number}" * 10)
        await asyncio.wait_for(session.ended.wait(), 60)
        assert "it floods its data channel" in caplog.text
        await gone(server)
        assert server.hub.state().abusive == 1
        await gone(server)


@pytest.mark.parametrize("role", ["whip", "whep"])
async def test_who_opens_channel_after_channel_is_ended(server: Server, role: str) -> None:
    async with others_go_on(server), attacker(server, role) as (peer, _, session):
        for number in range(40):
            peer.createDataChannel(f"{OVERLAY_CHANNEL}{number}")
        await asyncio.wait_for(session.ended.wait(), 60)
        await gone(server)


async def test_messages_that_are_never_whole_are_not_kept(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with others_go_on(server), attacker(server, "whep") as (peer, channel, session):
        sctp: Any = peer.sctp
        theirs: Any = session.connection.sctp
        send = sctp._send_chunk

        async def send_beginning(chunk: Any) -> None:
            if hasattr(chunk, "user_data"):
                chunk.flags &= ~1
            await send(chunk)

        vars(sctp)["_send_chunk"] = send_beginning
        for _ in range(500):
            channel.send("x" * 1000)
        await asyncio.wait_for(session.ended.wait(), 60)
        assert "it floods its data channel" in caplog.text
        assert 0 < sum(len(each.reassembly) for each in theirs._inbound_streams.values()) < 100
        await gone(server)


@pytest.mark.parametrize("data", [b"\xff\xfe", b""])
async def test_a_data_channel_that_cannot_be_read(server: Server, data: bytes) -> None:
    async with others_go_on(server), attacker(server, "whep") as (peer, channel, session):
        sctp: Any = peer.sctp
        await sctp._send(channel.id, 51, data or b"\x00\xff")
        await asyncio.wait_for(session.ended.wait(), 60)
        await gone(server)


async def test_other_streams_and_kinds_of_packets_are_left_out(server: Server) -> None:
    async with others_go_on(server), attacker(server, "whip") as (peer, _, session):
        await frames_of(server, "booth2", 1)
        dtls: Any = peer.getSenders()[0].transport
        for number in range(60):
            packet = RtpPacket(payload_type=97, sequence_number=number, timestamp=number, payload=b"\x10\0")
            packet.ssrc = 1_000_000 + number
            await dtls._send_rtp(packet.serialize())
            packet.payload_type, packet.ssrc = 77, 42
            await dtls._send_rtp(packet.serialize())
            await dtls._send_rtp(b"\x80\xc8" + os.urandom(26))
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        receiver: Any = session.connection.getTransceivers()[0].receiver
        table = receiver.transport._rtp_router.ssrc_table
        assert len(table) <= rtc_guards.MAX_STREAMS + 1
        assert len(receiver._RTCRtpReceiver__remote_streams) <= rtc_guards.MAX_STREAMS + 1
        assert not session.ended.is_set()
        await frames_of(server, "booth2", 5)


async def frames_of(server: Server, name: str, count: int) -> None:
    """Once so many further frames of this booth have come."""

    def received() -> int:
        return sum(one.received for one in server.hub.state().booths if one.booth == name)

    wanted = received() + count
    async with asyncio.timeout(60):
        while received() < wanted:
            await asyncio.sleep(0.02)


async def test_a_passer_by_cannot_end_a_stream(server: Server) -> None:
    """Datagrams of anybody reach the port of a peer."""
    async with others_go_on(server):
        doors = doors_of(server)
        assert len(doors) >= 2
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as passer_by:
            for door in doors:
                for data in (b"", b"\x80" + bytes(3000), b"\x16\xfe\xfd", b"\x80", b"\xb0\xc8", b"\x00"):
                    passer_by.sendto(data, door)
                for _ in range(2000):
                    passer_by.sendto(b"\x80" + os.urandom(60), door)
        await asyncio.sleep(0.3)
        assert server.hub.state().sessions == 2


def doors_of(server: Server) -> set[tuple[str, int]]:
    """Addresses and ports at which the server's peers listen."""
    found = set()
    for session in server.hub._sessions.values():
        sdp = session.connection.localDescription.sdp
        found |= set(re.findall(r"a=candidate:\S+ 1 udp \d+ ([\d.]+) (\d+) typ host", sdp))
    return {(host, int(port)) for host, port in found}


def never_checks(peer: RTCPeerConnection) -> None:
    """No ICE: the answer is never looked at."""


def never_shakes_hands(peer: RTCPeerConnection) -> None:
    """ICE, and then no DTLS."""
    _dtls(peer)["start"] = _nothing


def stops_in_the_middle(peer: RTCPeerConnection) -> None:
    """ICE, and the first words of DTLS."""
    write = peer.getTransceivers()[0].sender.transport._write_ssl
    left = [1]

    async def write_once() -> None:
        if left:
            left.pop()
            await write()

    _dtls(peer)["_write_ssl"] = write_once


def _dtls(peer: RTCPeerConnection) -> dict[str, Any]:
    return vars(peer.getTransceivers()[0].sender.transport)


async def _nothing(*_: object) -> None:
    return None


@pytest.mark.parametrize("role", ["whip", "whep"])
@pytest.mark.parametrize("how", [never_checks, never_shakes_hands, stops_in_the_middle])
async def test_a_peer_that_never_answers_is_let_go(
    server: Server, monkeypatch: pytest.MonkeyPatch, role: str, how: Callable[[RTCPeerConnection], None]
) -> None:
    async with others_go_on(server):
        monkeypatch.setattr("server.live.peer.CONNECT_LIMIT_S", 1.0)
        peer = new_peer()
        sdp = await offer_of(peer, "sendonly" if role == "whip" else "recvonly")
        how(peer)
        path, scope = ("/whip/booth2", Scope.PUBLISH) if role == "whip" else ("/whep/booth1", Scope.READ)
        status, session = await post(server, sdp, path, scope, None if how is never_checks else peer)
        assert (status, bool(session)) == (201, True)
        await gone(server)
        await close_connection(peer)
