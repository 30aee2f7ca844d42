"""WHIP and WHEP as RFC 9725 has them, and what they refuse."""

import asyncio
import re
from contextlib import suppress

import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from server.access import Scope
from server.live import IceServer, LiveHub, MalformedOffer, OfferRefused
from server.live.offer import read_publisher_offer
from station.rtc import close_connection
from tests.integration.live.clients import new_peer, offer_of
from tests.integration.live.conftest import Server

pytestmark = pytest.mark.integration


async def post(
    server: Server, sdp: str, headers: dict[str, str], path: str = "/whip/booth1"
) -> tuple[int, CIMultiDict[str]]:
    async with server.http.post(server.url + path, data=sdp, headers=headers) as response:
        answer = CIMultiDict(response.headers)
        answer["body"] = await response.text()
        return response.status, answer


async def test_session_from_post_to_delete(server: Server, connection: RTCPeerConnection) -> None:
    sdp = await offer_of(connection, "sendonly")
    headers = server.headers(Scope.PUBLISH)
    status, answer = await post(server, sdp, headers)
    assert status == 201
    assert answer["Content-Type"].startswith("application/sdp")
    assert answer["Location"].startswith("/whip/booth1/")
    assert "Location" in answer["Access-Control-Expose-Headers"]
    assert "a=recvonly" in answer["body"]
    assert "a=setup:passive" in answer["body"]
    assert "H264" not in answer["body"]
    await connection.setRemoteDescription(RTCSessionDescription(answer["body"], "answer"))
    session = server.url + answer["Location"]
    async with server.http.delete(session, headers=headers) as response:
        assert response.status == 200
    async with server.http.delete(session, headers=headers) as response:
        assert response.status == 404


async def test_get_and_options_need_little(server: Server) -> None:
    async with server.http.get(
        f"{server.url}/whip/booth1", headers=server.headers(Scope.PUBLISH)
    ) as response:
        assert (response.status, await response.read()) == (204, b"")
    for path in ("/whip/booth1", "/whep/booth1", "/whip/booth1/any"):
        async with server.http.options(server.url + path) as response:
            assert response.status == 200
            assert response.headers["Accept-Post"] == "application/sdp"
            assert "OPTIONS" in response.headers["Allow"]


async def test_head_at_whep_tells_what_a_post_answers(server: Server) -> None:
    async with server.http.head(f"{server.url}/whep/booth1", headers=server.headers(Scope.READ)) as response:
        assert response.status == 200
        assert response.content_type == "application/sdp"


async def test_ice_servers_are_told_with_the_answer_alone(
    server: Server, connection: RTCPeerConnection, caplog: pytest.LogCaptureFixture
) -> None:
    turn = IceServer(("turn:127.0.0.1:9?transport=udp",), "booths", 'se"cret')
    assert "cret" not in repr(turn)
    stun = IceServer(("stun:127.0.0.1:9",))
    url, headers = f"{server.url}/whip/booth1", server.headers(Scope.PUBLISH)
    sdp = await offer_of(connection, "sendonly")
    server.hub.ice_servers = (stun, turn)
    async with server.http.options(url) as response:
        assert "Link" not in response.headers
    assert list(turn.links()) == [
        '<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="booths"; credential="se\\"cret"; '
        'credential-type="password"'
    ]
    async with server.http.post(url, data=sdp, headers=headers) as response:
        assert response.headers.getall("Link") == [*stun.links(), *turn.links()]
    assert "cret" not in caplog.text


async def test_delete_ignores_if_match(server: Server, connection: RTCPeerConnection) -> None:
    headers = server.headers(Scope.PUBLISH)
    _, answer = await post(server, await offer_of(connection, "sendonly"), headers)
    session = server.url + answer["Location"]
    async with server.http.delete(session, headers=headers | {"If-Match": '"old"'}) as response:
        assert response.status == 200


async def test_refusals_say_when_to_ask_again(server: Server, connection: RTCPeerConnection) -> None:
    sdp = await offer_of(connection, "recvonly")
    status, answer = await post(server, sdp, server.headers(Scope.READ), "/whep/booth1")
    assert status == 409
    assert int(answer["Retry-After"]) > 0


async def test_tokens(server: Server, connection: RTCPeerConnection) -> None:
    sdp = await offer_of(connection, "sendonly")
    plain = {"Content-Type": "application/sdp"}
    assert (await post(server, sdp, plain))[0] == 401
    assert (await post(server, sdp, plain | {"Authorization": "Bearer forged"}))[0] == 401
    assert (await post(server, sdp, server.headers(Scope.READ)))[0] == 403
    assert (await post(server, sdp, server.headers(Scope.PUBLISH, subject="booth2")))[0] == 403
    both = server.headers(Scope.PUBLISH, Scope.READ, subject="booth2")
    assert (await post(server, sdp, both))[0] == 403
    assert (await post(server, sdp, server.headers(Scope.PUBLISH), "/whep/booth1"))[0] == 403
    admin = server.headers(Scope.ADMIN, subject="admin")
    assert (await post(server, sdp, admin, "/whip/unknown"))[0] == 404
    assert (await post(server, sdp, admin, "/whip/Bad%20Name"))[0] == 404


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("v=0", "text/plain", 415),
        ("", "application/sdp", 400),
        ("garbage", "application/sdp", 400),
        ("v=0\r\nm=", "application/sdp", 422),
        ("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendonly\r\n", "application/sdp", 422),
        ("x" * 70_000, "application/sdp", 413),
        ("v=0\r\n" + "a=x\r\n" * 5000, "application/sdp", 400),
    ],
)
async def test_bodies_that_are_no_offer(server: Server, body: str, content_type: str, status: int) -> None:
    headers = server.headers(Scope.PUBLISH) | {"Content-Type": content_type}
    got, answer = await post(server, body, headers)
    assert got == status
    assert answer["Content-Type"].startswith("application/problem+json")
    assert server.hub.state().sessions == 0


async def test_offers_that_are_not_served(server: Server, connection: RTCPeerConnection) -> None:
    sdp = await offer_of(connection, "sendonly")
    headers = server.headers(Scope.PUBLISH)
    refused = {
        "direction": sdp.replace("a=sendonly", "a=recvonly"),
        "codec": sdp.replace("VP8/90000", "AV1/90000").replace("H264/90000", "H265/90000"),
        "profile": high_only(sdp),
        "two videos": sdp + sdp[sdp.index("m=video") : sdp.index("m=application")],
        "kind": sdp.replace("m=application", "m=text"),
    }
    for name, bad in refused.items():
        assert (await post(server, bad, headers))[0] == 422, name
    many = sdp + "a=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n" * 100
    unsigned = "\r\n".join(line for line in sdp.splitlines() if "fingerprint" not in line)
    for bad in (many, unsigned):
        assert (await post(server, bad, headers))[0] == 400
    assert server.hub.state().sessions == 0


def high_only(sdp: str) -> str:
    """The offer with H.264 in its high profile and no other codec."""
    high = sdp.replace("VP8/90000", "AV1/90000")
    return re.sub("profile-level-id=[0-9a-f]{6}", "profile-level-id=64001f", high)


async def test_trickle(server: Server, connection: RTCPeerConnection) -> None:
    sdp = await offer_of(connection, "sendonly")
    headers = server.headers(Scope.PUBLISH)
    _, answer = await post(server, sdp, headers)
    session, etag = server.url + answer["Location"], answer["ETag"]
    fragment = headers | {"Content-Type": "application/trickle-ice-sdpfrag"}
    candidate = "a=mid:0\r\na=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n"
    cases = [
        (fragment, candidate, 428),
        (fragment | {"If-Match": '"old"'}, candidate, 412),
        (fragment | {"If-Match": "*"}, candidate, 422),
        (fragment | {"If-Match": etag}, candidate, 204),
        (fragment | {"If-Match": etag}, "a=ice-ufrag:other\r\n" + candidate, 422),
        (fragment | {"If-Match": etag}, candidate * 70, 400),
        (fragment | {"If-Match": etag}, "a=candidate:nonsense\r\n", 400),
        (headers | {"If-Match": etag}, candidate, 415),
    ]
    for given_headers, body, status in cases:
        async with server.http.patch(session, data=body, headers=given_headers) as response:
            assert response.status == status, body
    await server.hub.end("booth1", answer["Location"].rsplit("/", 1)[1])


async def test_second_publisher_replaces_the_first(server: Server) -> None:
    headers = server.headers(Scope.PUBLISH)
    first, second = new_peer(), new_peer()
    ended = asyncio.Event()

    def note() -> None:
        if first.connectionState == "closed":
            ended.set()

    first.add_listener("connectionstatechange", note)
    for peer in (first, second):
        status, answer = await post(server, await offer_of(peer, "sendonly"), headers)
        assert status == 201
        await peer.setRemoteDescription(RTCSessionDescription(answer["body"], "answer"))
        async with asyncio.timeout(30):
            while peer.connectionState != "connected":
                await asyncio.sleep(0.01)
    async with asyncio.timeout(30):
        await ended.wait()
        while server.hub.state().sessions != 1:
            await asyncio.sleep(0.01)
    for peer in (first, second):
        await close_connection(peer)


async def test_silent_peer_is_let_go(
    server: Server, connection: RTCPeerConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.live.peer.CONNECT_LIMIT_S", 2.0)
    status, _ = await post(server, await offer_of(connection, "sendonly"), server.headers(Scope.PUBLISH))
    assert status == 201
    assert server.hub.state().sessions == 1
    async with asyncio.timeout(30):
        while server.hub.state().sessions:
            await asyncio.sleep(0.02)


LINES = st.sampled_from(
    [
        "v=0",
        "m=video 9 UDP/TLS/RTP/SAVPF 97",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "a=sendonly",
        "a=rtpmap:97 VP8/90000",
        "a=rtpmap:x VP8/90000",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:0123456789012345678901",
        "a=fingerprint:sha-256 00",
        "a=setup:actpass",
        "a=mid:0",
        "a=candidate:1 1 udp 1 127.0.0.1 9 typ host",
        "a=extmap:x y",
        "a=ssrc:1",
        "c=IN IP4 0.0.0.0",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES | st.text(max_size=40), max_size=25))
def test_any_text_is_answered_or_refused(lines: list[str]) -> None:
    asyncio.run(_offered("v=0\r\n" + "\r\n".join(lines) + "\r\n"))


async def _offered(sdp: str) -> None:
    async def never(*_: object) -> None:
        raise AssertionError("nothing is analysed here")

    async with LiveHub(never) as hub:  # type: ignore[arg-type]
        with suppress(MalformedOffer, OfferRefused):
            await hub.publish("booth1", sdp)


def test_hidden_hosts_are_left_out() -> None:
    sdp = "\r\n".join(
        [
            "v=0",
            "m=video 9 UDP/TLS/RTP/SAVPF 97",
            "a=sendonly",
            "a=rtpmap:97 VP8/90000",
            "a=ice-ufrag:abcd",
            "a=fingerprint:sha-256 00",
            "a=candidate:1 1 udp 1 abc.local 9 typ host",
            "a=candidate:2 1 udp 1 127.0.0.1 9 typ host",
            "",
        ]
    )
    assert ".local" not in read_publisher_offer(sdp).sdp
    assert "127.0.0.1" in read_publisher_offer(sdp).sdp
