"""The viewer page: files without data."""

from aiohttp import hdrs, web

from server.access import Scope
from server.api.about import About
from server.api.routes import Route, route
from server.api.settings import SETTINGS

_ASSET = About(
    sends=("text/javascript", "text/css", "*/*"),
    success=(200, 206, 304),
    paths={"name": {"type": "string", "pattern": "^[A-Za-z0-9._-]+$"}},
)


def routes() -> list[Route]:
    """The routes of the page."""
    return [
        route(
            "GET",
            "/",
            page,
            Scope.PUBLIC,
            about=About(sends=("text/html",), success=(200, 206, 304), problems=(503,)),
        ),
        route("GET", "/assets/{name:[A-Za-z0-9._-]+}", asset, Scope.PUBLIC, about=_ASSET),
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
