import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from yarl import URL

from station.kiosk import BoothState, Phase, make_kiosk
from station.kiosk.guard import AUDIENCES, Audience, refuse_undeclared
from tests.fixtures.kiosk_agent import Script, ScriptedAgent
from tests.fixtures.web import serving

pytestmark = pytest.mark.unit


@dataclass
class Kiosk:
    agent: ScriptedAgent
    url: str
    http: aiohttp.ClientSession

    @property
    def own(self) -> dict[str, str]:
        return {"Origin": self.url}


@pytest.fixture
async def kiosk(tmp_path: Path) -> AsyncIterator[Kiosk]:
    (tmp_path / "kiosk.html").write_text("<!doctype html><title>kiosk</title>")
    agent = ScriptedAgent(Script(step_s=0.02))
    async with agent.running(), serving(make_kiosk(agent, tmp_path)) as url, aiohttp.ClientSession() as http:
        yield Kiosk(agent, url, http)


async def test_every_route_has_an_audience_and_data_is_for_the_operator(tmp_path: Path) -> None:
    app = make_kiosk(ScriptedAgent(), tmp_path)
    found = {(r.method, r.resource.canonical): app[AUDIENCES][r] for r in app.router.routes() if r.resource}
    shells = {key for key, audience in found.items() if audience is Audience.SHELL}
    assert shells == {("GET", "/"), ("GET", "/assets/{name}")}

    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_get("/forgotten", forgotten)
    with pytest.raises(RuntimeError, match="forgotten"):
        await refuse_undeclared(app)


async def test_the_page_comes_with_its_security_headers(kiosk: Kiosk) -> None:
    async with kiosk.http.get(kiosk.url) as response:
        assert response.status == 200
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["booth.example", "127.0.0.1.booth.example:80", "192.0.2.7"])
async def test_another_host_name_is_refused(kiosk: Kiosk, host: str) -> None:
    for path in ("/", "/state"):
        async with kiosk.http.get(kiosk.url + path, headers={"Host": host}) as response:
            assert response.status == 421


@pytest.mark.parametrize("path", ["/../secret", "/assets/..%2fkiosk.html", "/assets/.."])
async def test_no_file_outside_the_assets_is_served(kiosk: Kiosk, path: str) -> None:
    async with kiosk.http.get(URL(kiosk.url + path, encoded=True)) as response:
        assert response.status == 404


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://other.example"}, {"Origin": "null"}])
async def test_a_visit_is_started_only_from_the_own_page(kiosk: Kiosk, headers: dict[str, str]) -> None:
    async with kiosk.http.post(f"{kiosk.url}/visit", data="{}", headers=headers) as response:
        assert response.status == 403
    assert kiosk.agent.requests == []


async def test_a_foreign_page_cannot_listen(kiosk: Kiosk) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await kiosk.http.ws_connect(f"{kiosk.url}/live", headers={"Origin": "http://other.example"})
    assert refused.value.status == 403
    foreign = {"Sec-Fetch-Site": "cross-site"}
    async with kiosk.http.get(f"{kiosk.url}/state", headers=foreign) as response:
        assert response.status == 403


async def test_start_then_busy_then_abort(kiosk: Kiosk) -> None:
    body = {"patient": {"patient_id": "P-1"}, "preparation": "cleansed"}
    async with kiosk.http.post(f"{kiosk.url}/visit", json=body, headers=kiosk.own) as response:
        assert response.status == 202
        assert (await response.json())["study_instance_uid"].startswith("2.25.")
    assert kiosk.agent.requests[0].patient.patient_id == "P-1"
    async with kiosk.http.post(f"{kiosk.url}/visit", data="{}", headers=kiosk.own) as response:
        assert response.status == 409
        assert response.content_type == "application/problem+json"
        assert "wait" in (await response.json())["detail"]
    async with kiosk.http.post(f"{kiosk.url}/visit/abort", headers=kiosk.own) as response:
        assert response.status == 204
    async with kiosk.http.post(f"{kiosk.url}/visit/abort", headers=kiosk.own) as response:
        assert response.status == 409


@pytest.mark.parametrize(
    "body", ["", "not json", "[]", '{"patient": {"patient_sex": "X"}}', '{"unknown": 1}', "[" * 9000]
)
async def test_a_bad_request_starts_nothing(kiosk: Kiosk, body: str) -> None:
    async with kiosk.http.post(f"{kiosk.url}/visit", data=body or "\0", headers=kiosk.own) as response:
        assert response.status == 400
    assert kiosk.agent.requests == []


async def test_a_patient_id_that_cannot_be_is_said_in_words(kiosk: Kiosk) -> None:
    body = {"patient": {"patient_id": "A\\B"}}
    async with kiosk.http.post(f"{kiosk.url}/visit", json=body, headers=kiosk.own) as response:
        assert response.status == 400
        assert "backslash" in (await response.json())["detail"]
    assert kiosk.agent.requests == []


async def test_a_huge_body_is_refused(kiosk: Kiosk) -> None:
    async with kiosk.http.post(f"{kiosk.url}/visit", data=b" " * 100_000, headers=kiosk.own) as response:
        assert response.status == 413


async def test_the_socket_tells_pictures_and_every_change_of_state(kiosk: Kiosk) -> None:
    async with kiosk.http.ws_connect(f"{kiosk.url}/live", headers=kiosk.own) as socket:
        kinds: set[aiohttp.WSMsgType] = set()
        async with asyncio.timeout(20):
            while len(kinds) < 2:
                message = await socket.receive()
                kinds.add(message.type)
                if message.type is aiohttp.WSMsgType.TEXT:
                    assert msgspec.json.decode(message.data, type=BoothState).booth_id == "one"
        kiosk.agent.change(phase=Phase.FAULT, problem="The lamp is out.")
        async with asyncio.timeout(20):
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT and "The lamp is out." in message.data:
                    break


async def test_watchers_are_bounded(kiosk: Kiosk) -> None:
    sockets = [await kiosk.http.ws_connect(f"{kiosk.url}/live", headers=kiosk.own) for _ in range(8)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await kiosk.http.ws_connect(f"{kiosk.url}/live", headers=kiosk.own)
    assert refused.value.status == 503
    await asyncio.gather(*(socket.close() for socket in sockets))
