"""Offers, fragments and data-channel messages that nobody would write: refused, never a failure, and nothing is left."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiortc import RTCSessionDescription
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.access import Scope
from station.devices import LatestFrame
from station.protocol import Overlay, PreviewOverlay, encode_overlay
from station.rtc import close_connection
from station.transport.webrtc import WebRtcPreviewSender
from tests.integration.live.clients import new_peer, offer_of
from tests.integration.live.conftest import Server, open_server

pytestmark = pytest.mark.integration

MUTATIONS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 10_000), st.text(max_size=12)), min_size=1, max_size=6
)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
FRAGMENT = (
    "a=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789012345678901\r\nm=video 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2130706431 127.0.0.1 40000 typ host\r\n"
    "a=candidate:2 1 tcp 1 ::1 9 typ srflx raddr 10.0.0.1 rport 9 tcptype active\r\na=end-of-candidates\r\n"
)


def mutated(text: str, mutations: list[tuple[int, int, str]]) -> str:
    """`text` with lines left out, doubled, swapped, cut, extended, and numbers made odd."""
    lines = text.split("\r\n")
    for kind, place, more in mutations:
        at = place % len(lines)
        line = lines[at]
        if kind == 0 and len(lines) > 1:
            del lines[at]
        elif kind == 1:
            lines.insert(at, line)
        elif kind == 2:
            other = (place * 7) % len(lines)
            lines[at], lines[other] = lines[other], line
        elif kind == 3:
            lines[at] = line[: place % (len(line) + 1)] + more
        elif kind == 4:
            lines[at] = line.replace("1", str(place**3)).replace("0", "-" + str(place))
        else:
            lines.insert(at, more)
    return "\r\n".join(lines)


Run = Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture
def live(tmp_path: Path) -> Iterator[tuple[Server, Run]]:
    """A server on a loop of its own, and what runs a coroutine there."""
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        yield runner.run(stack.enter_async_context(open_server(tmp_path))), runner.run
        runner.run(stack.aclose())


async def left(server: Server) -> set[str]:
    """Names of the tasks that are not those of an idle server, once there was time for them to end."""
    idle = {"live-analysis", "live-sweep", "Task"}
    async with asyncio.timeout(30):
        while server.hub.state().sessions:
            await asyncio.sleep(0.01)
    return {
        str(task)
        for task in asyncio.all_tasks() - {asyncio.current_task()}
        if not any(name in task.get_name() for name in idle)
    }


async def offered(server: Server, sdp: str, path: str, scope: Scope) -> int:
    """Status of the answer; a session that was made is ended."""
    headers = server.headers(scope)
    body = sdp.encode("utf-8", "surrogatepass")
    async with server.http.post(server.url + path, data=body, headers=headers) as response:
        status, location = response.status, response.headers.get("Location", "")
        assert status == 201 or (await response.json(content_type=None))["title"]
    if status == 201:
        async with server.http.delete(server.url + location, headers=headers) as response:
            assert response.status == 200
    return status


@settings(quick, max_examples=60)
@given(mutations=MUTATIONS)
def test_any_offer_is_answered_or_refused(
    live: tuple[Server, Run], mutations: list[tuple[int, int, str]]
) -> None:
    server, run = live
    sdp = mutated(_template(run), mutations)
    assert run(offered(server, sdp, "/whip/booth1", Scope.PUBLISH)) in (201, 400, 413, 422)
    assert run(left(server)) == set()


_offers: list[str] = []


def _template(run: Run) -> str:
    """One real offer."""

    async def make() -> str:
        peer = new_peer()
        sdp = await offer_of(peer, "sendonly")
        await close_connection(peer)
        return sdp

    if not _offers:
        _offers.append(run(make()))
    return _offers[0]


@settings(quick, max_examples=60)
@given(mutations=MUTATIONS)
def test_any_fragment_is_taken_or_refused(
    live: tuple[Server, Run], mutations: list[tuple[int, int, str]]
) -> None:
    server, run = live
    assert run(_trickled(server, mutations, _template(run))) in (204, 400, 422)
    assert run(left(server)) == set()


async def _trickled(server: Server, mutations: list[tuple[int, int, str]], sdp: str) -> int:
    headers = server.headers(Scope.PUBLISH)
    async with server.http.post(f"{server.url}/whip/booth1", data=sdp, headers=headers) as response:
        assert response.status == 201
        session, etag = server.url + response.headers["Location"], response.headers["ETag"]
    ufrag = sdp.partition("a=ice-ufrag:")[2].partition("\r\n")[0]
    body = mutated(FRAGMENT.format(ufrag=ufrag), mutations).encode("utf-8", "surrogatepass")
    fragment = headers | {"Content-Type": "application/trickle-ice-sdpfrag", "If-Match": etag}
    async with server.http.patch(session, data=body, headers=fragment) as response:
        status = response.status
    async with server.http.delete(session, headers=headers) as response:
        assert response.status == 200
    return status


@settings(quick, max_examples=8)
@given(
    messages=st.lists(
        st.tuples(st.integers(0, 70), st.sampled_from([50, 51, 52, 53, 56, 57, 99]), st.binary(max_size=40)),
        min_size=1,
        max_size=20,
    )
)
def test_any_message_on_any_channel_is_read_past_or_ends_its_sender(
    live: tuple[Server, Run], messages: list[tuple[int, int, bytes]]
) -> None:
    server, run = live
    run(_said(server, messages))
    assert run(left(server)) == set()


async def _said(server: Server, messages: list[tuple[int, int, bytes]]) -> None:
    """Messages of a booth on its data association: stream, kind (RFC 8831 section 8) and content."""
    peer = new_peer()
    sdp = await offer_of(peer, "sendonly")
    headers = server.headers(Scope.PUBLISH)
    async with server.http.post(f"{server.url}/whip/booth1", data=sdp, headers=headers) as response:
        session = server.url + response.headers["Location"]
        await peer.setRemoteDescription(RTCSessionDescription(await response.text(), "answer"))
    sctp: Any = peer.sctp
    async with asyncio.timeout(30):
        while sctp.state != "connected":
            await asyncio.sleep(0.01)
    with contextlib.suppress(ConnectionError):
        for stream, kind, content in messages:
            await sctp._send(stream, kind, content or b"\0")
    await asyncio.sleep(0.05)
    await close_connection(peer)
    async with server.http.delete(session, headers=headers) as response:
        assert response.status in (200, 404)


OVERLAY = encode_overlay(
    PreviewOverlay(rtp_timestamp=6000, overlay=Overlay(frame_id=1, width=640, height=360, model="live/1"))
)


@settings(quick, max_examples=200)
@given(places=st.lists(st.tuples(st.integers(0, 200), st.binary(max_size=3)), max_size=4), text=st.booleans())
async def test_a_booth_reads_past_overlays_that_are_none(places: list[tuple[int, bytes]], text: bool) -> None:
    data = bytearray(OVERLAY)
    for at, more in places:
        data[at : at + len(more)] = more
    heard: list[Overlay] = []
    source = LatestFrame()
    sender = WebRtcPreviewSender("http://127.0.0.1:9/whip", "", source, on_overlay=heard.append)
    track: Any = _Track()
    sender._take_overlay(track, data.decode("latin-1") if text else bytes(data))
    assert heard == []
    assert sender.stats.unmatched == 1
    await sender.close()


class _Track:
    """A stream whose frames are not remembered."""

    def pts_of(self, rtp_timestamp: int) -> int:
        return rtp_timestamp
