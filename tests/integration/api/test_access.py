"""Who gets in: tokens, codes, cookies, hosts and origins."""

import asyncio

import aiohttp
import pytest

from server.access import Scope, Tokens
from server.api import SESSION_COOKIE, LoginCodes
from tests.integration.api.conftest import Api

pytestmark = pytest.mark.integration

PRIVATE = ("/api/booths", "/api/visits", "/api/session", "/api/visits/1.2", "/api/stills/1.2/image")


async def status(api: Api, path: str, **headers: str) -> int:
    async with api.http.get(api.url + path, headers=headers) as response:
        if response.status >= 400:
            assert response.content_type == "application/problem+json"
            body = await response.json()
            assert body["status"] == response.status
            assert body["title"]
        return response.status


@pytest.mark.parametrize("path", PRIVATE)
async def test_nothing_is_told_without_a_token(api: Api, path: str) -> None:
    assert await status(api, path) == 401
    assert await status(api, path, Authorization="Bearer nonsense") == 401
    forged = Tokens(b"x" * 32).issue("admin", [Scope.ADMIN])
    assert await status(api, path, Authorization=f"Bearer {forged}") == 401
    expired = api.tokens.issue("test", [Scope.READ], lifetime_s=-1)
    assert await status(api, path, Authorization=f"Bearer {expired}") == 401
    assert await status(api, path, **api.bearer(Scope.PUBLISH)) == 403
    code = LoginCodes(api.tokens).new()
    assert await status(api, path, Authorization=f"Bearer {code}") == 403


async def test_a_read_token_reads_and_an_unknown_path_is_404(api: Api) -> None:
    assert await status(api, "/api/booths", **api.reader) == 200
    assert await status(api, "/api/booths", **api.bearer(Scope.ADMIN)) == 200
    assert await status(api, "/api/nothing", **api.reader) == 404
    assert await status(api, "/api/visits/not-a-uid", **api.reader) == 404
    assert await status(api, "/api/visits?limit=zero", **api.reader) == 400
    assert await status(api, "/api/visits?limit=nan", **api.reader) == 400


async def test_a_code_becomes_a_cookie_that_scripts_cannot_read(api: Api) -> None:
    code = LoginCodes(api.tokens).new()
    async with api.http.post(f"{api.url}/api/session", json={"code": code}) as response:
        assert response.status == 201
        assert await response.json() == {"subject": "viewer", "scopes": ["read"], "person": None}
        cookie = response.cookies[SESSION_COOKIE]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Strict"
    kept = {"Cookie": f"{SESSION_COOKIE}={cookie.value}"}
    assert await status(api, "/api/booths", **kept) == 200
    async with api.http.post(f"{api.url}/api/session", json={"code": code}) as response:
        assert response.status == 401
    async with api.http.delete(f"{api.url}/api/session", headers=kept) as response:
        assert response.status == 204
    assert await status(api, "/api/booths", **kept) == 401


async def test_a_session_carries_no_more_than_its_token(api: Api) -> None:
    for scopes, expected in (([Scope.PUBLISH], 401), ([Scope.READ], 201), ([Scope.ADMIN], 201)):
        token = api.tokens.issue("somebody", scopes)
        async with api.http.post(f"{api.url}/api/session", json={"token": token}) as response:
            assert response.status == expected


async def test_guessing_is_slowed_down(api: Api) -> None:
    for _ in range(10):
        async with api.http.post(f"{api.url}/api/session", json={"token": "guess"}) as response:
            assert response.status == 401
    good = {"code": LoginCodes(api.tokens).new()}
    async with api.http.post(f"{api.url}/api/session", json=good) as response:
        assert response.status == 429
        assert int(response.headers["Retry-After"]) > 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"code": 3}', b'{"other": "x"}', b"[" * 5000])
async def test_a_malformed_sign_in_is_refused(api: Api, body: bytes) -> None:
    async with api.http.post(f"{api.url}/api/session", data=body) as response:
        assert response.status in (400, 401)


async def test_a_huge_body_is_refused(api: Api) -> None:
    async with api.http.post(f"{api.url}/api/session", data=b" " * 200_000) as response:
        assert response.status == 413


async def test_a_foreign_page_can_do_nothing_with_the_cookie(api: Api) -> None:
    code = LoginCodes(api.tokens).new()
    foreign = {"Origin": "http://other.example"}
    async with api.http.post(f"{api.url}/api/session", json={"code": code}, headers=foreign) as response:
        assert response.status == 403
    async with api.http.post(f"{api.url}/api/session", json={"code": code}) as response:
        cookie = {"Cookie": f"{SESSION_COOKIE}={response.cookies[SESSION_COOKIE].value}"}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await api.http.ws_connect(f"{api.url}/api/events", headers={**cookie, **foreign})
    assert refused.value.status == 401
    async with api.http.delete(f"{api.url}/api/session", headers={**cookie, **foreign}) as response:
        assert response.status == 403
    own = {"Origin": api.url}
    socket = await api.http.ws_connect(f"{api.url}/api/events", headers={**cookie, **own})
    await socket.close()


async def test_another_host_name_gets_nothing(api: Api) -> None:
    for path in ("/", "/api/health", "/api/booths"):
        assert await status(api, path, Host="rebound.example", **api.reader) == 421


async def test_pages_and_health_are_public_and_guarded_by_headers(api: Api) -> None:
    for path in ("/", "/assets/viewer-1.js", "/api/health", "/api/openapi.json"):
        async with api.http.get(api.url + path, headers={"Cookie": f"{SESSION_COOKIE}=stale"}) as response:
            assert response.status == 200
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert await status(api, "/assets/none.js") == 404
    assert await status(api, "/api/none") == 404


async def test_a_request_without_a_host_is_refused_without_asking_the_name_service(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> str:
        raise AssertionError("the event loop would wait for the name service")

    monkeypatch.setattr("socket.getfqdn", asked)
    _, _, address = api.url.partition("//")
    name, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    writer.write(b"GET /api/health HTTP/1.0\r\n\r\n")
    assert b" 421 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
