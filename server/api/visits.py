"""Visits: the list, one with its stills, and its measures."""

import asyncio
from collections.abc import Iterable, Sequence

from aiohttp import web

from server.access import Scope
from server.api.about import About, flag, number, text, whole
from server.api.corrections import describe_correction
from server.api.renditions import RENDITIONS
from server.api.resources import ARCHIVE, STORE, json_response, number_in_query, text_in_query, uid_in_path
from server.api.routes import Route, route
from server.api.schemas import StillMeasures, VisitDetail, VisitMeasures, VisitPage, VisitSummary
from server.api.stills import describe, is_shown, verdict_of
from server.store import Archive, Still, Visit, VisitSearch, replaced_by, standing
from station.protocol import Light, Verdict

_LONGEST_SEARCH = 100
_SEARCH = (
    whole("limit", 1, 100, 24),
    text("q", _LONGEST_SEARCH, "words of the patient's name or ID"),
    text("booth", 32),
    number("since", 0, 1e12, meaning="opened then or later; seconds since 1970 UTC"),
    number("before", 0, 1e12, meaning="opened earlier; seconds since 1970 UTC"),
    flag("unreconciled", "only those that no order is known of"),
)
_MEASURES = About(parameters=(flag("replaced", "also of stills that were taken again"),))
_SEVERITY = (Verdict.PASS, Verdict.UNKNOWN, Verdict.WARN, Verdict.FAIL)


def routes() -> list[Route]:
    """The routes of the visits."""
    return [
        route("GET", "/api/visits", visits, Scope.READ, answer=VisitPage, about=About(parameters=_SEARCH)),
        route("GET", "/api/visits/{study}", visit, Scope.READ, answer=VisitDetail),
        route(
            "GET", "/api/visits/{study}/measures", measures, Scope.READ, answer=VisitMeasures, about=_MEASURES
        ),
    ]


async def visits(request: web.Request) -> web.Response:
    """The newest visits that were searched for, at most `limit`.

    Opened before `before` and not before `since` (seconds since 1970), at the booth `booth`, of patients whose name or ID
    holds every word of `q`; with `unreconciled=1` only those that no order is known of.
    """
    limit = int(number_in_query(request, "limit", 24, 1, 100))
    search = VisitSearch(
        words=text_in_query(request, "q", _LONGEST_SEARCH),
        booth_id=text_in_query(request, "booth", 32),
        since=number_in_query(request, "since", 0, 0, 1e12),
        before=number_in_query(request, "before", 1e12, 0, 1e12),
        unreconciled=number_in_query(request, "unreconciled", 0, 0, 1) == 1,
    )
    store, archive, files = request.app[STORE], request.app[ARCHIVE], request.app[RENDITIONS]
    found = await store.visits(limit=limit, search=search)
    stills = await asyncio.gather(*(store.stills(one.study_instance_uid) for one in found))
    page = VisitPage(
        visits=await files.run(
            lambda: tuple(summarise(*one, archive) for one in zip(found, stills, strict=True))
        ),
        next_before=found[-1].opened_at if len(found) == limit else None,
    )
    return json_response(page)


async def visit(request: web.Request) -> web.Response:
    """One visit with its stills and how far their analysis has come."""
    study, store = uid_in_path(request, "study"), request.app[STORE]
    found = await store.visit(study)
    stills, work, instances, corrections = await asyncio.gather(
        store.stills(study), store.work(study), store.instances(study), store.corrections.find(study)
    )
    archive, files = request.app[ARCHIVE], request.app[RENDITIONS]
    newer = replaced_by(stills)
    described = [await files.run(describe, still, archive, work, instances, newer) for still in stills]
    detail = VisitDetail(
        visit=await files.run(summarise, found, stills, archive),
        conditions=found.conditions,
        order=found.order,
        stills=tuple(one for one in described if one.replaced_by is None and not one.rejected),
        replaced=tuple(one for one in described if one.replaced_by is not None and not one.rejected),
        rejected=tuple(one for one in described if one.rejected),
        corrections=tuple(map(describe_correction, corrections)),
    )
    return json_response(detail)


async def measures(request: web.Request) -> web.Response:
    """The measures of every still of a visit that stands; with `replaced=1` also of those that were taken again."""
    study, store = uid_in_path(request, "study"), request.app[STORE]
    await store.visit(study)
    stills = await store.stills(study)
    if not number_in_query(request, "replaced", 0, 0, 1):
        stills = standing(stills)
    found = await asyncio.gather(*(store.measures(still.sop_instance_uid) for still in stills))
    parts = [
        StillMeasures(
            sop_instance_uid=still.sop_instance_uid,
            view=still.header.view,
            light=still.header.light,
            measures=tuple(values),
        )
        for still, values in zip(stills, found, strict=True)
    ]
    return json_response(VisitMeasures(study_instance_uid=study, stills=tuple(parts)))


def summarise(visit: Visit, stills: Sequence[Still], archive: Archive) -> VisitSummary:
    """A visit as the list shows it; a still that was taken again or rejected counts for nothing. Looks at files."""
    newest = standing(stills)
    known = {still.sop_instance_uid for still in stills}
    gone = known - {still.sop_instance_uid for still in newest} | set(replaced_by(stills))
    expected = (known | set(visit.expected)) - gone if visit.expected else ()
    return VisitSummary(
        study_instance_uid=visit.study_instance_uid,
        booth_id=visit.booth_id,
        opened_at=visit.opened_at,
        closed_at=visit.closed_at,
        complete=visit.complete,
        patient=visit.patient,
        protocol=visit.protocol.name,
        preparation=visit.protocol.preparation,
        expected=len(expected) or visit.protocol.stills,
        stored=len(newest),
        verdict=worst(map(verdict_of, newest)),
        cover=_cover(newest, archive),
        ordered=visit.order is not None,
    )


def worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The worst of the known verdicts, or None."""
    known = [verdict for verdict in verdicts if verdict is not None]
    return max(known, key=_SEVERITY.index, default=None)


def _cover(stills: Sequence[Still], archive: Archive) -> str | None:
    white = [still for still in stills if still.header.light is Light.WHITE]
    return next((one.sop_instance_uid for one in [*white, *stills] if is_shown(one, archive)), None)
