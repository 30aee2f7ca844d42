"""Booths and their live state."""

import asyncio

from aiohttp import web

from server.access import Scope
from server.api.events import HUB
from server.api.resources import STORE, json_response
from server.api.routes import Route, route
from server.api.schemas import BoothInfo, LastStill, VisitSummary
from server.api.visits import summarise
from server.store import Booth, Still, Store, Visit, standing


def routes() -> list[Route]:
    """The route of the booths."""
    return [route("GET", "/api/booths", booths, Scope.READ, answer=list[BoothInfo])]


async def booths(request: web.Request) -> web.Response:
    """Every booth that ever said hello, and every one that sends a picture now, with its last visit and still."""
    store, state = request.app[STORE], request.app[HUB].state()
    known, last, shot = await asyncio.gather(
        store.booths(), store.last_visits(), store.last_visits(with_stills=True)
    )
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
            last_still=await _last_still(store, shot.get(booth.booth_id)),
        )
        for booth in [*known, *unknown]
    ]
    return json_response(found)


async def _last_visit(store: Store, visit: Visit | None) -> VisitSummary | None:
    return None if visit is None else summarise(visit, await store.stills(visit.study_instance_uid))


async def _last_still(store: Store, visit: Visit | None) -> LastStill | None:
    """The newest still of a visit."""
    if visit is None:
        return None
    stills = standing(await store.stills(visit.study_instance_uid))
    return _told(max(stills, key=lambda still: still.header.captured_at)) if stills else None


def _told(still: Still) -> LastStill:
    report = still.quality or still.booth_quality
    return LastStill(
        sop_instance_uid=still.sop_instance_uid,
        study_instance_uid=still.study_instance_uid,
        view=still.header.view,
        light=still.header.light,
        captured_at=still.header.captured_at,
        verdict=None if report is None else report.verdict,
        by_server=still.quality is not None,
    )
