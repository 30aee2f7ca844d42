"""Every route of the whole application declares who may use it."""

from pathlib import Path

import pytest
from aiohttp import web

from server.access import Scope, Tokens
from server.api import (
    ApiParts,
    ApiSettings,
    EventHub,
    NoPreviews,
    UndeclaredRoute,
    make_api,
    metrics,
    undeclared,
    whep,
    whip,
)
from server.api.routes import SCOPES, refuse_undeclared
from tests.fixtures.filled_store import open_store

pytestmark = pytest.mark.unit

PUBLIC = {
    "GET /",
    "GET /assets/{name}",
    "GET /api/health",
    "GET /api/openapi.json",
    "POST /api/session",
    "DELETE /api/session",
    "OPTIONS /dicom-web/{path}",
    "OPTIONS /whip/{booth}",
    "OPTIONS /whip/{booth}/{session}",
    "OPTIONS /whep/{booth}",
    "OPTIONS /whep/{booth}/{session}",
}
"""Routes that hold no data of booths, visits or people; a longer list needs a reason."""


@pytest.fixture
async def app(tmp_path: Path) -> web.Application:
    store, archive = open_store(tmp_path)
    await store.close()
    parts = ApiParts(ApiSettings(tmp_path), Tokens(b"k" * 32), store, archive, EventHub(NoPreviews()))
    return make_api(parts, [*whip.routes(), *whep.routes(), *metrics.routes()])


def by_scope(app: web.Application) -> dict[str, Scope]:
    return {
        f"{one.method} {one.resource.canonical}": scope
        for one, scope in app[SCOPES].items()
        if one.resource is not None and one.method != "HEAD"
    }


async def test_every_route_declares_a_scope(app: web.Application) -> None:
    assert undeclared(app) == []
    assert len(app[SCOPES]) == len(list(app.router.routes()))


async def test_only_routes_without_data_are_public(app: web.Application) -> None:
    found = by_scope(app)
    assert {name for name, scope in found.items() if scope is Scope.PUBLIC} == PUBLIC
    assert found["POST /whip/{booth}"] is Scope.PUBLISH
    assert found["GET /api/events"] is Scope.READ


async def test_an_undeclared_route_keeps_the_server_from_starting(app: web.Application) -> None:
    async def forgotten(_request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_get("/forgotten", forgotten)
    assert undeclared(app) == ["HEAD /forgotten", "GET /forgotten"]
    with pytest.raises(UndeclaredRoute, match="/forgotten"):
        await refuse_undeclared(app)
