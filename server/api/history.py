"""A person's stills of one view and light over the visits: what was measured, and how to lay one on another."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence

from aiohttp import web

from server.access import Scope
from server.api.about import About
from server.api.alignment import Alignments, Side, align
from server.api.renditions import RENDITIONS
from server.api.resources import ARCHIVE, STORE, json_response, uid_in_path
from server.api.routes import Route, route
from server.api.schemas import MeasureSeries, PastStill, StillAlignment, StillHistory
from server.api.settings import SETTINGS
from server.api.stills import verdict_of
from server.errors import Conflict
from server.store import Archive, Still, Store, Visit, standing
from station.protocol import Measure

MOST_VISITS = 40
"""Newest visits of a person that are looked at."""
ALIGNMENTS = web.AppKey("alignments", Alignments)


def routes() -> list[Route]:
    """The routes of a still's past."""
    return [
        route("GET", "/api/stills/{sop}/history", history, Scope.READ, answer=StillHistory),
        route(
            "GET",
            "/api/stills/{sop}/alignment/{earlier}",
            alignment,
            Scope.READ,
            answer=StillAlignment,
            about=About(problems=(409, 422)),
        ),
    ]


async def history(request: web.Request) -> web.Response:
    """The stills of the same person, view and light, oldest first, with their measures.

    Of a patient without an ID this one alone.
    """
    store = request.app[STORE]
    still = await store.still(uid_in_path(request, "sop"))
    own = await store.visit(still.study_instance_uid)
    visits = await store.visits_of(own.patient, limit=MOST_VISITS)
    if own.study_instance_uid not in {visit.study_instance_uid for visit in visits}:
        visits = [own, *visits]
    found = [one for visit in visits for one in await _same(store, visit, still)]
    found.sort(key=lambda pair: pair[1].header.captured_at)
    measures = await asyncio.gather(*(store.measures(one.sop_instance_uid) for _, one in found))
    told = StillHistory(
        sop_instance_uid=still.sop_instance_uid,
        known_patient=bool(own.patient.patient_id),
        points=tuple(_point(visit, one) for visit, one in found),
        series=tuple(_series(measures, request.app[SETTINGS].smallest_changes, still.header.light.value)),
    )
    return json_response(told)


async def alignment(request: web.Request) -> web.Response:
    """How an earlier still lies on a later one of the same person, view and light; 409 for any other pair."""
    store, archive, files = request.app[STORE], request.app[ARCHIVE], request.app[RENDITIONS]
    later, earlier = await asyncio.gather(
        store.still(uid_in_path(request, "sop")), store.still(uid_in_path(request, "earlier"))
    )
    await _need_pair(store, earlier, later)
    kept, pair = request.app[ALIGNMENTS], (earlier.sop_instance_uid, later.sop_instance_uid)
    known = kept.find(*pair)
    sides = _side(archive, earlier), _side(archive, later)
    if known is None and sides[0] is not None and sides[1] is not None:
        known = await files.run(align, sides[0], sides[1])
        if known.reason != "not_ready":
            kept.keep(*pair, known)
    return json_response(known or StillAlignment(good=False, reason="no_face"))


def _side(archive: Archive, still: Still) -> Side | None:
    if still.face is None:
        return None
    path = archive.rendition(still.study_instance_uid, still.sop_instance_uid)
    return Side(path, still.face.box, still.header.width)


async def _same(store: Store, visit: Visit, still: Still) -> list[tuple[Visit, Still]]:
    """The stills of a visit with the view and light of another that stand, and that one itself."""
    stills = await store.stills(visit.study_instance_uid)
    shown = {one.sop_instance_uid for one in standing(stills)} | {still.sop_instance_uid}
    return [(visit, one) for one in stills if one.sop_instance_uid in shown and _kind(one) == _kind(still)]


def _kind(still: Still) -> tuple[str, str]:
    return still.header.view.value, still.header.light.value


async def _need_pair(store: Store, earlier: Still, later: Still) -> None:
    visits = [await store.visit(one.study_instance_uid) for one in (earlier, later)]
    people = {(visit.patient.issuer_of_patient_id, visit.patient.patient_id) for visit in visits}
    if len(people) > 1 or not visits[0].patient.patient_id or _kind(earlier) != _kind(later):
        raise Conflict("these stills are not of one person, view and light")


def _point(visit: Visit, still: Still) -> PastStill:
    return PastStill(
        sop_instance_uid=still.sop_instance_uid,
        study_instance_uid=still.study_instance_uid,
        booth_id=visit.booth_id,
        captured_at=still.header.captured_at,
        width=still.header.width,
        height=still.header.height,
        verdict=verdict_of(still),
    )


def _series(
    measures: Sequence[Sequence[Measure]], smallest: Mapping[tuple[str, str, str], float], light: str
) -> Iterator[MeasureSeries]:
    """Every measure of every region that has a value anywhere and one unit throughout."""
    tables = [{(one.name, one.region): one for one in found if one.value is not None} for found in measures]
    for name, region in dict.fromkeys(key for table in reversed(tables) for key in table):
        cells = [table.get((name, region)) for table in tables]
        units = {cell.unit for cell in cells if cell is not None}
        if len(units) == 1:
            yield MeasureSeries(
                name=name,
                region=region,
                unit=units.pop(),
                values=tuple(None if cell is None else cell.value for cell in cells),
                methods=tuple("" if cell is None else cell.method for cell in cells),
                smallest_change=smallest.get((light, region, name)),
            )
