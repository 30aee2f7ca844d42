"""A live server in this process, and clients for it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection
from numpy.typing import NDArray

from server.access import Scope, Tokens
from server.api.rates import RATES, CallerRates
from server.errors import InferenceUnavailable
from server.live import Analysis, LiveHub, LiveLimits
from station.rtc import close_connection
from tests.integration.live.server_process import make_app, read_number


class Reader:
    """Reads the number in a picture, unless it is away."""

    away = False

    async def __call__(self, booth: str, rgb: NDArray[np.uint8]) -> Analysis:
        """As `read_number`."""
        if self.away:
            raise InferenceUnavailable("the reader is away")
        return await read_number(booth, rgb)


@dataclass
class Server:
    """A live server on loopback."""

    reader: Reader
    hub: LiveHub
    tokens: Tokens
    url: str
    http: aiohttp.ClientSession

    def headers(self, *scopes: Scope, subject: str = "booth1") -> dict[str, str]:
        """Headers of an SDP request with a token."""
        token = self.tokens.issue(subject, scopes)
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}


@asynccontextmanager
async def open_server(
    folder: Path,
    rates: CallerRates | None = None,
    dressed: Callable[[web.Application, LiveHub], None] = lambda _app, _hub: None,
    hold_s: float = LiveLimits.hold_s,
    **limits: int,
) -> AsyncIterator[Server]:
    """A live server whose keys are in `folder`; `limits` as of `LiveLimits`. `dressed` adds to its application."""
    tokens, reader = Tokens.open(folder), Reader()
    bounds = replace(LiveLimits(retry_s=0.05, hold_s=hold_s), **limits)
    async with LiveHub(reader, limits=bounds, is_known=lambda booth: booth.startswith("booth")) as hub:
        app = make_app(hub, tokens)
        dressed(app, hub)
        if rates is not None:
            app[RATES] = rates
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
            yield Server(reader, hub, tokens, f"http://127.0.0.1:{runner.addresses[0][1]}", http)
        await runner.cleanup()


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that take silence for a farewell after a third of a minute only: a busy machine may stand still for seconds."""
    monkeypatch.setattr("station.rtc.consent.CHECKS_MISSED", 50)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with open_server(tmp_path, viewers_per_booth=1) as opened:
        yield opened


@pytest.fixture
async def connection() -> AsyncIterator[RTCPeerConnection]:
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    yield peer
    await close_connection(peer)
