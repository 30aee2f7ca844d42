"""Keeps other web pages and other machines away from the kiosk."""

from collections.abc import Awaitable, Callable
from enum import StrEnum

from aiohttp import hdrs, web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""Host names under which the kiosk answers; a page that rebinds its own name to loopback is refused."""
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Audience(StrEnum):
    """Who may use a route of the kiosk."""

    SHELL = "shell"
    """Anybody at the booth's own computer: files without data."""
    OPERATOR = "operator"
    """The kiosk's own page: what shows or changes a visit."""


AUDIENCES = web.AppKey("audiences", dict[web.AbstractRoute, Audience])
"""Audience of every route."""


def add_route(app: web.Application, method: str, path: str, handler: Handler, audience: Audience) -> None:
    """Register a route together with its audience."""
    app.setdefault(AUDIENCES, {})[app.router.add_route(method, path, handler)] = audience


async def refuse_undeclared(app: web.Application) -> None:
    """Start-up hook: raises `RuntimeError` for a route that was added without an audience."""
    missing = [str(route) for route in app.router.routes() if route not in app[AUDIENCES]]
    if missing:
        raise RuntimeError(f"declare an audience with add_route for: {', '.join(missing)}")


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign `Host` and `Origin` headers and foreign fetches."""
    if _host_name(request.host) not in LOOPBACK_NAMES:
        return problem(421, "the kiosk answers on loopback only", "open it as http://127.0.0.1:PORT/")
    audience = request.app[AUDIENCES].get(request.match_info.route)
    if audience is Audience.OPERATOR and not _from_own_page(request):
        return problem(403, "not from the kiosk's own page", "open the kiosk page and use it there")
    return await handler(request)


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Response hook: the security headers; data is never cached."""
    response.headers.update(_HEADERS)
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")


def problem(status: int, title: str, detail: str) -> web.Response:
    """An RFC 9457 problem; `detail` says what to do."""
    body = {"title": title, "status": status, "detail": detail}
    return web.json_response(body, status=status, content_type="application/problem+json")


def _host_name(host: str) -> str:
    return host.rsplit(":", 1)[0] if not host.endswith("]") else host


def _from_own_page(request: web.Request) -> bool:
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is not None:
        return origin == f"http://{request.host}"
    writes = request.method not in (hdrs.METH_GET, hdrs.METH_HEAD)
    upgrades = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
    fetch_site = request.headers.get("Sec-Fetch-Site", "same-origin")
    return not (writes or upgrades) and fetch_site in ("same-origin", "none")
