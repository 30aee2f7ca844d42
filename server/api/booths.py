"""Booths and their live state."""

import asyncio

from aiohttp import web

from server.access import Scope
from server.api.events import HUB
from server.api.resources import STORE, json_response
from server.api.routes import Route, route
from server.api.schemas import BoothInfo, VisitSummary
from server.api.visits import summarise
from server.store import Booth, Store, Visit

_RECENT_VISITS = 100


def routes() -> list[Route]:
    """The route of the booths."""
    return [route("GET", "/api/booths", booths, Scope.READ, answer=list[BoothInfo])]


async def booths(request: web.Request) -> web.Response:
    """Every booth that ever said hello, and every one that sends a picture now."""
    store, state = request.app[STORE], request.app[HUB].state()
    known, visits = await asyncio.gather(store.booths(), store.visits(limit=_RECENT_VISITS))
    last = {visit.booth_id: visit for visit in reversed(visits)}
    names = {booth.booth_id for booth in known}
    unknown = [Booth(name, "", 0.0, 0.0) for name in state.previews if name not in names]
    found = [
        BoothInfo(
            booth_id=booth.booth_id,
            software=booth.software,
            first_seen=booth.first_seen,
            last_seen=booth.last_seen,
            connected=state.connected.get(booth.booth_id),
            preview=state.previews.get(booth.booth_id),
            last_visit=await _last_visit(store, last.get(booth.booth_id)),
        )
        for booth in [*known, *unknown]
    ]
    return json_response(found)


async def _last_visit(store: Store, visit: Visit | None) -> VisitSummary | None:
    return None if visit is None else summarise(visit, await store.stills(visit.study_instance_uid))
