"""WHEP: a viewer posts an offer and gets a booth's live picture (draft-ietf-wish-whep)."""

from aiohttp import web

from server.access import Scope
from server.api.routes import Route
from server.api.signalling import LIVE, session_routes
from server.live import Session, Sync


def routes() -> tuple[Route, ...]:
    """`/whep/{booth}` and its sessions; `?sync=exact` holds each frame for its overlay, `?sync=now`, the default, does not."""
    return session_routes("whep", Scope.READ, _watch)


async def _watch(request: web.Request, booth: str, sdp: str) -> Session:
    return await request.app[LIVE].watch(booth, sdp, _sync(request))


def _sync(request: web.Request) -> Sync:
    asked = request.query.get("sync", Sync.NOW)
    if asked not in tuple(Sync):
        raise web.HTTPBadRequest(text=f"sync is {' or '.join(Sync)}")
    return Sync(asked)
