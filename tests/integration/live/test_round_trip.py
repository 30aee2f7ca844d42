"""A booth and a server in two processes: frames go, overlays come back on the frame they belong to."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from server.access import Scope, Tokens
from tests.fixtures.ports import free_port
from tests.integration.live.conftest import Server
from tests.integration.live.processes import live_server, running

pytestmark = pytest.mark.integration


def is_overlay(said: dict[str, Any]) -> bool:
    return "frame_id" in said


async def test_overlays_return_on_exactly_their_frames(tmp_path: Path) -> None:
    token = Tokens.open(tmp_path).issue("booth1", [Scope.PUBLISH])
    async with (
        live_server(tmp_path) as (server, port),
        running("booth_process", f"http://127.0.0.1:{port}/whip/booth1", token, 15) as booth,
    ):
        overlays = [await booth.until(is_overlay) for _ in range(40)]
        stats = (await booth.end())[-1]["stats"]
        await server.end()
    assert all(one["painted"] == one["read"] for one in overlays)
    assert len({one["frame_id"] for one in overlays}) == 40
    assert stats["answered"] >= 40
    assert stats["unmatched"] == 0
    assert stats["answered"] >= 0.8 * stats["sent"]
    assert 0 < stats["latency_ms_p50"] < 2000


async def test_a_faster_camera_loses_frames_openly(tmp_path: Path) -> None:
    token = Tokens.open(tmp_path).issue("booth1", [Scope.PUBLISH])
    async with (
        live_server(tmp_path) as (_, port),
        running("booth_process", f"http://127.0.0.1:{port}/whip/booth1", token, 60) as booth,
    ):
        for _ in range(20):
            await booth.until(is_overlay)
        stats = (await booth.end())[-1]["stats"]
    assert stats["dropped"] > stats["sent"] / 2


async def test_preview_resumes_after_the_server_was_killed(tmp_path: Path) -> None:
    token = Tokens.open(tmp_path).issue("booth1", [Scope.PUBLISH])
    async with live_server(tmp_path, free_port()) as (first, port):  # nobody is given it meanwhile
        url = f"http://127.0.0.1:{port}/whip/booth1"
        async with running("booth_process", url, token, 15) as booth:
            await booth.until(is_overlay)
            await first.kill()
            killed = time.monotonic()
            await booth.until(lambda said: said.get("state") == "waiting")
            noticed = time.monotonic() - killed
            async with live_server(tmp_path, port):
                back = time.monotonic()
                overlay = await booth.until(is_overlay)
                resumed = time.monotonic() - back
                stats = (await booth.end())[-1]["stats"]
    assert noticed < 10
    assert resumed < 15
    assert overlay["painted"] == overlay["read"]
    assert stats["connections"] == 2


async def test_a_killed_booth_is_noticed(server: Server) -> None:
    token = server.tokens.issue("booth1", [Scope.PUBLISH])
    async with running("booth_process", f"{server.url}/whip/booth1", token, 15) as booth:
        await booth.until(is_overlay)
        assert server.hub.state().booths[0].frames_per_s > 0
        await booth.kill()
        killed = time.monotonic()
        async with asyncio.timeout(30):
            while server.hub.state().sessions:
                await asyncio.sleep(0.02)
        assert time.monotonic() - killed < 10
    assert not server.hub.state().booths[0].live
