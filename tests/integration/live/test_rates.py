"""Who comes too often is told so, and when to come again; pages of other origins can read every answer."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web
from aiortc import RTCPeerConnection

from server.access import Scope
from server.api import rates
from server.api.rates import CallerRates
from server.live import Allowance
from tests.integration.live.clients import offer_of
from tests.integration.live.conftest import Server, open_server

pytestmark = pytest.mark.integration


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server for whose callers time stands still: nothing is granted anew while a test counts."""
    monkeypatch.setattr(rates, "Allowance", partial(Allowance, clock=lambda: 0.0))
    async with open_server(tmp_path, CallerRates(8, 20)) as opened:
        yield opened


async def status(
    server: Server, method: str, path: str, headers: dict[str, str], body: str = ""
) -> tuple[int, str, str]:
    """Status, time to wait, and what the problem says; a page of another origin could read them."""
    async with server.http.request(method, server.url + path, data=body, headers=headers) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Retry-After" in response.headers["Access-Control-Expose-Headers"]
        told = await response.json() if response.content_type == "application/problem+json" else {}
        return response.status, response.headers.get("Retry-After", ""), told.get("detail", "")


async def test_offers_of_a_caller_are_counted(server: Server, connection: RTCPeerConnection) -> None:
    headers = server.headers(Scope.PUBLISH)
    answers = [await status(server, "POST", "/whip/booth1", headers, "v=0") for _ in range(6)]
    assert [one[0] for one in answers] == [400] * 4 + [429] * 2
    assert 0 < int(answers[-1][1]) <= 60
    assert "8 offers a minute" in answers[-1][2]
    other = server.headers(Scope.PUBLISH, subject="booth2")
    sdp = await offer_of(connection, "sendonly")
    assert (await status(server, "POST", "/whip/booth2", other, sdp))[0] == 201
    assert (await status(server, "GET", "/whip/booth1", headers))[0] == 204
    async with server.http.get(f"{server.url}/metrics", headers=server.headers(Scope.READ)) as response:
        assert "dermabooth_live_requests_refused_total 2.0" in await response.text()


async def test_requests_of_a_caller_are_counted_apart_from_its_offers(server: Server) -> None:
    headers = server.headers(Scope.PUBLISH)
    answers = [(await status(server, "DELETE", "/whip/booth1/none", headers))[0] for _ in range(12)]
    assert answers == [404] * 10 + [429] * 2
    assert (await status(server, "POST", "/whip/booth1", headers, "v=0"))[0] == 400


async def test_strangers_are_counted_and_hold_up_nobody_else(server: Server) -> None:
    forged = {"Authorization": "Bearer forged", "Content-Type": "application/sdp"}
    answers = [(await status(server, "POST", "/whep/booth1", forged, "v=0"))[0] for _ in range(10)]
    wrong = server.headers(Scope.READ)
    answers += [(await status(server, "POST", "/whip/booth1", wrong, "v=0"))[0] for _ in range(3)]
    assert answers == [401] * 10 + [429] * 3
    assert (await status(server, "POST", "/whep/booth1", wrong, "v=0"))[0] == 400


async def test_every_answer_can_be_read_from_other_origins(server: Server) -> None:
    headers = server.headers(Scope.ADMIN, subject="admin")
    for method, path, wanted in (
        ("POST", "/whip/booth1", 400),
        ("POST", "/whip/unknown", 404),
        ("PUT", "/whip/booth1", 405),
        ("GET", "/whep/booth1/session/more", 404),
        ("OPTIONS", "/whep/booth1", 200),
        ("GET", "/whip/booth1", 204),
    ):
        assert (await status(server, method, path, headers, "v=0"))[0] == wanted, (method, path)


async def test_the_memory_of_callers_is_bounded() -> None:
    known = CallerRates(2, 2)
    for number in range(5000):
        known.take(f"booth{number}", "10.0.0.1", offer=True)
    assert len(known._callers) == 4096
    with pytest.raises(web.HTTPTooManyRequests):
        known.take("booth4999", "10.0.0.1", offer=True)
