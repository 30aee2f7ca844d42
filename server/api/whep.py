"""WHEP: a viewer posts an offer and gets a booth's live picture (draft-ietf-wish-whep)."""

from aiohttp import web

from server.access import Scope
from server.api.auditing import actor_of
from server.api.routes import GRANT, Route
from server.api.signalling import LIVE, session_routes
from server.api.watching import WATCHING
from server.live import Session, Sync


def routes() -> tuple[Route, ...]:
    """`/whep/{booth}` and its sessions; `?sync=exact` holds each frame for its overlay, `?sync=now`, the default, does not."""
    return session_routes("whep", Scope.READ, _watch)


async def _watch(request: web.Request, booth: str, sdp: str) -> Session:
    sync, watching = _sync(request), request.app.get(WATCHING)
    if watching is None:
        return await request.app[LIVE].watch(booth, sdp, sync)
    actor = actor_of(request, request[GRANT])
    await watching.begins(actor, booth)
    session = await request.app[LIVE].watch(booth, sdp, sync)
    await watching.goes_on(actor, session)
    return session


def _sync(request: web.Request) -> Sync:
    asked = request.query.get("sync", Sync.NOW)
    if asked not in tuple(Sync):
        raise web.HTTPBadRequest(text=f"sync is {' or '.join(Sync)}")
    return Sync(asked)
