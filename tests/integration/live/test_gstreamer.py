"""GStreamer's webrtcbin, as a player of its own people would write it, at the server's WHEP door."""

import asyncio
import json
from pathlib import Path

import pytest

from server.access import Scope
from station.devices.genicam.client import SYSTEM_PYTHON
from tests.integration.live.clients import booth, is_live
from tests.integration.live.conftest import Server
from tests.integration.live.stamp import HEIGHT, WIDTH

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("patience")]

PLAYER = Path(__file__).with_name("gstreamer_player.py")
FRAMES = 20


async def test_gstreamer_plays(server: Server) -> None:
    token = server.tokens.issue("viewer", [Scope.READ])
    async with booth(server):
        await is_live(server)
        player = await asyncio.create_subprocess_exec(
            SYSTEM_PYTHON,
            PLAYER,
            f"{server.url}/whep/booth1",
            token,
            str(FRAMES),
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(90):
                said, _ = await player.communicate()
        finally:
            if player.returncode is None:
                player.kill()
                await player.wait()
        seen = json.loads(said)
        assert seen["frames"] >= FRAMES
        assert seen["size"] == [WIDTH, HEIGHT]
        async with asyncio.timeout(10):  # by DELETE: silence alone takes longer
            while server.hub.state().booths[0].viewers:
                await asyncio.sleep(0.02)
