"""A live server in this process, and clients for it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection

from server.access import Scope, Tokens
from server.live import LiveHub, LiveLimits
from server.live.rtc_internals import close_connection
from tests.integration.live.server_process import make_app, read_number


@dataclass
class Server:
    """A live server on loopback."""

    hub: LiveHub
    tokens: Tokens
    url: str
    http: aiohttp.ClientSession

    def headers(self, *scopes: Scope, subject: str = "booth1") -> dict[str, str]:
        """Headers of an SDP request with a token."""
        token = self.tokens.issue(subject, scopes)
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    tokens = Tokens.open(tmp_path)
    limits = LiveLimits(viewers_per_booth=1, retry_s=0.05)
    async with LiveHub(read_number, limits=limits, is_known=lambda booth: booth.startswith("booth")) as hub:
        runner = web.AppRunner(make_app(hub, tokens))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as http:
            yield Server(hub, tokens, f"http://127.0.0.1:{runner.addresses[0][1]}", http)
        await runner.cleanup()


@pytest.fixture
async def connection() -> AsyncIterator[RTCPeerConnection]:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    yield peer
    await close_connection(peer)
