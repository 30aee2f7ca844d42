"""A viewer gets the booth's own frames, and overlays under the timestamps of its own stream."""

import asyncio
from pathlib import Path

import pytest
from aiortc import RTCPeerConnection

from server.access import Scope
from station.transport.preview_sender import PreviewState
from tests.integration.live.clients import WhepViewer, answered, booth, is_live, new_peer, seen
from tests.integration.live.conftest import Server, open_server

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("patience")]


async def test_viewer_sees_the_frames_and_their_overlays(
    server: Server, connection: RTCPeerConnection
) -> None:
    async with booth(server) as sender:
        await is_live(server)
        await asyncio.sleep(0.5)
        viewer = WhepViewer(connection)
        assert await viewer.join(server) == 201
        await seen(viewer, 30)
        matched = await answered(viewer, 20)
        assert server.hub.state().booths[0].viewers[0].forwarded > 0
        await viewer.leave()
        assert sender.state is PreviewState.STREAMING
    assert all(viewer.seen.numbers[key] == viewer.seen.overlays[key] for key in matched)
    numbers = list(viewer.seen.numbers.values())
    assert numbers == sorted(set(numbers))


async def test_viewer_stays_through_a_reconnect_of_the_booth(
    server: Server, connection: RTCPeerConnection
) -> None:
    viewer = WhepViewer(connection)
    async with booth(server):
        await is_live(server)
        assert await viewer.join(server) == 201
        await seen(viewer, 5)
    before = set(viewer.seen.numbers)
    async with booth(server):
        matched = await answered(viewer, 10, before)
    await viewer.leave()
    assert all(viewer.seen.numbers[key] == viewer.seen.overlays[key] for key in matched)


async def test_in_exact_mode_the_overlay_is_there_before_its_frame(
    tmp_path: Path, connection: RTCPeerConnection
) -> None:
    async with open_server(tmp_path, hold_s=5.0) as server, booth(server):  # longer than any analysis here
        await is_live(server)
        viewer = WhepViewer(connection)
        assert await viewer.join(server, query="?sync=exact") == 201
        await answered(viewer, 45)
        await viewer.leave()
    frames = [one for one in viewer.seen.numbers if one in viewer.seen.overlays][5:]
    in_time = [one for one in frames if one not in viewer.seen.late]
    assert len(in_time) >= 0.8 * len(frames)
    assert all(viewer.seen.numbers[one] == viewer.seen.overlays[one] for one in in_time)


async def test_in_exact_mode_frames_come_though_nothing_analyses_them(
    server: Server, connection: RTCPeerConnection
) -> None:
    async with booth(server):
        await is_live(server)
        server.reader.away = True
        viewer = WhepViewer(connection)
        assert await viewer.join(server, query="?sync=exact") == 201
        await seen(viewer, 20)
        await viewer.leave()
    assert not viewer.seen.overlays


async def test_another_sync_is_refused(server: Server, connection: RTCPeerConnection) -> None:
    viewer = WhepViewer(connection)
    assert await viewer.join(server, query="?sync=soon") == 400


async def test_no_stream_and_no_place(server: Server, connection: RTCPeerConnection) -> None:
    second = WhepViewer(new_peer())
    assert await second.join(server) == 409
    async with booth(server):
        await is_live(server)
        first = WhepViewer(connection)
        assert await first.join(server) == 201
        third = WhepViewer(new_peer())
        assert await third.join(server) == 503
        await third.leave()
        async with server.http.delete(
            server.url + first.location, headers=server.headers(Scope.READ)
        ) as response:
            assert response.status == 200
        await first.leave()
    await second.leave()
    assert server.hub.state().booths[0].viewers == ()
