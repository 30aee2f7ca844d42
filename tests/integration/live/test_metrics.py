"""What Prometheus reads of the live previews."""

import asyncio

import pytest
from aiortc import RTCPeerConnection
from prometheus_client.parser import text_string_to_metric_families

from server.access import Scope
from tests.integration.live.clients import WhepViewer, answered, booth, is_live, seen
from tests.integration.live.conftest import Server

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("patience")]

Samples = dict[tuple[str, ...], float]


async def scrape(server: Server) -> Samples:
    """Every sample by its name and the values of its labels, in the order of their names."""
    async with server.http.get(f"{server.url}/metrics", headers=server.headers(Scope.READ)) as response:
        assert response.status == 200
        text = await response.text()
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_booths_and_viewers_are_told_apart(server: Server, connection: RTCPeerConnection) -> None:
    async with booth(server):
        await is_live(server)
        viewer = WhepViewer(connection)
        assert await viewer.join(server, query="?sync=exact") == 201
        await seen(viewer, 20)
        await answered(viewer, 1)
        found = await scrape(server)
        await viewer.leave()
    live = "dermabooth_live_"
    assert found[live + "up", "booth1"] == found[live + "viewers", "booth1"] == 1
    assert found[live + "frames_total", "booth1"] >= found[live + "overlays_total", "booth1"] > 0
    assert found[live + "viewer_frames_total", "booth1", "exact", "1"] >= 20
    assert found[live + "viewer_overlays_total", "booth1", "exact", "1"] > 0
    assert 0 < found[live + "overlay_latency_seconds", "booth1", "0.5"] < 10
    assert found[live + "inference_up",] == 1
    async with asyncio.timeout(60):
        while (later := await scrape(server))[live + "viewers", "booth1"]:
            await asyncio.sleep(0.02)
    assert (live + "viewer_frames_total", "booth1", "exact", "1") not in later


async def test_figures_need_a_token(server: Server) -> None:
    async with server.http.get(f"{server.url}/metrics") as response:
        assert response.status == 401
