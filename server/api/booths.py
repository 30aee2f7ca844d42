"""Booths and their live state."""

import asyncio

from aiohttp import web

from server.access import Scope
from server.api.events import HUB
from server.api.renditions import RENDITIONS
from server.api.resources import ARCHIVE, STORE, json_response
from server.api.routes import Route, route
from server.api.schemas import BoothInfo, LastStill, VisitSummary
from server.api.stills import is_shown
from server.api.visits import summarise
from server.store import Archive, Booth, Still, Visit, standing


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
            last_visit=await _last_visit(request, last.get(booth.booth_id)),
            last_still=await _last_still(request, shot.get(booth.booth_id)),
        )
        for booth in [*known, *unknown]
    ]
    return json_response(found)


async def _last_visit(request: web.Request, visit: Visit | None) -> VisitSummary | None:
    if visit is None:
        return None
    stills = await request.app[STORE].stills(visit.study_instance_uid)
    return await request.app[RENDITIONS].run(summarise, visit, stills, request.app[ARCHIVE])


async def _last_still(request: web.Request, visit: Visit | None) -> LastStill | None:
    """The newest still of a visit."""
    if visit is None:
        return None
    stills = standing(await request.app[STORE].stills(visit.study_instance_uid))
    newest = max(stills, key=lambda still: still.header.captured_at, default=None)
    return None if newest is None else await request.app[RENDITIONS].run(_told, newest, request.app[ARCHIVE])


def _told(still: Still, archive: Archive) -> LastStill:
    report = still.quality or still.booth_quality
    return LastStill(
        sop_instance_uid=still.sop_instance_uid,
        study_instance_uid=still.study_instance_uid,
        view=still.header.view,
        light=still.header.light,
        captured_at=still.header.captured_at,
        verdict=None if report is None else report.verdict,
        by_server=still.quality is not None,
        picture=is_shown(still, archive),
    )
