"""The viewer page: files without data."""

from aiohttp import hdrs, web

from server.access import Scope
from server.api.routes import Route, route
from server.api.settings import SETTINGS


def routes() -> list[Route]:
    """The routes of the page."""
    return [
        route("GET", "/", page, Scope.PUBLIC),
        route("GET", "/assets/{name:[A-Za-z0-9._-]+}", asset, Scope.PUBLIC),
    ]


async def page(request: web.Request) -> web.StreamResponse:
    """The viewer."""
    path = request.app[SETTINGS].web_root / "index.html"
    if not path.is_file():
        raise web.HTTPServiceUnavailable(text="the pages have not been built: run `make setup`, then reload")
    return web.FileResponse(path, headers={hdrs.CACHE_CONTROL: "no-cache"})


async def asset(request: web.Request) -> web.StreamResponse:
    """A script or style sheet; names carry a hash, so they may be kept."""
    path = request.app[SETTINGS].web_root / "assets" / request.match_info["name"]
    if not path.is_file():
        raise web.HTTPNotFound(text="no such file; reload the page: it was updated")
    return web.FileResponse(path, headers={hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable"})
