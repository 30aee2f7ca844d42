"""Health of the server."""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from server.access import Scope
from server.api.about import About
from server.api.resources import STORE, json_response
from server.api.routes import Route, route
from server.api.schemas import Health
from server.api.settings import SETTINGS
from server.errors import ServerError

Check = Callable[[], Awaitable[bool]]

CHECKS: web.AppKey[dict[str, Check]] = web.AppKey("checks")
"""Further parts to ask, by name; each answers within two seconds or counts as away."""
_LIMIT_S = 2.0


def routes() -> list[Route]:
    """The route of the health."""
    return [route("GET", "/api/health", health, Scope.PUBLIC, answer=Health, about=About(success=(200, 503)))]


async def health(request: web.Request) -> web.Response:
    """Whether the server does its work; 503 if a part is away."""

    async def database() -> bool:
        await request.app[STORE].booths()
        return True

    further: dict[str, Check] = request.app[CHECKS]
    checks = {"database": database, **further}
    answers = dict(zip(checks, await asyncio.gather(*map(_ask, checks.values())), strict=True))
    well = all(answers.values())
    report = Health(
        status="ok" if well else "degraded", version=request.app[SETTINGS].version, checks=answers
    )
    return json_response(report, status=200 if well else 503)


async def _ask(check: Check) -> bool:
    try:
        async with asyncio.timeout(_LIMIT_S):
            return await check()
    except (TimeoutError, ServerError, OSError):
        return False
