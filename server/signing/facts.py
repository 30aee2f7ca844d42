"""A visit told as a sheet, read from the store."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Sequence

from server.config.destinations import ObjectKind
from server.signing.sheet import Assessment, Past, Photograph, Result, Sheet
from server.store import Archive, Instance, Still, Store, Visit, standing
from station.protocol import Light, Measure, Verdict, View

MOST_VISITS = 12
"""Visits that a course is drawn over, with this one."""
_VIEWS = (View.FRONT, View.LEFT_45, View.RIGHT_45, View.NECK, View.UNSPECIFIED)
_LIGHTS = tuple(Light)
_AROUND_FACE = 0.2
"""What is shown around a face, as a share of its width and height."""
_WHOLE = ("face", "skin", "neck")
_INNER = ("_estimate", "_uncertain", "_p0", "_p1", "_p2", "_p3", "_p4")
"""Ends of what a model tells beside its answer."""
_Examined = list[tuple[Still, Sequence[Measure]]]


async def read_sheet(store: Store, archive: Archive, study: str, *, institution: str, software: str) -> Sheet:
    """The sheet of a visit, not signed; raises `NotFound`."""
    visit = await store.visit(study)
    own = visit.study_instance_uid
    stills, instances = await asyncio.gather(store.stills(own), store.instances(own))
    examined = await _examined(store, standing(stills))
    past = await _earlier(store, visit)
    return Sheet(
        study_instance_uid=visit.study_now or own,
        institution=institution,
        software=software,
        patient=visit.patient,
        order=visit.order,
        booth_id=visit.booth_id,
        opened_at=visit.opened_at,
        complete=visit.complete,
        expected=_expected(visit, stills, len(examined)),
        protocol=visit.protocol.name,
        preparation=visit.protocol.preparation,
        conditions=visit.conditions,
        photographs=tuple(_photograph(still, instances, archive) for still, _ in examined),
        results=tuple(_results(examined, past)),
        assessments=tuple(_assessments(examined, past)),
        unmeasured=tuple(_unmeasured(examined)),
        methods=tuple(
            sorted({m.method for _, found in examined for m in found if m.method not in ("", "none")})
        ),
        made_at=time.time(),
    )


async def _examined(store: Store, stills: Sequence[Still]) -> _Examined:
    """Stills by view and light, the front first, with their measures."""
    found = sorted(stills, key=_rank)
    measures = await asyncio.gather(*(store.measures(one.sop_instance_uid) for one in found))
    return list(zip(found, measures, strict=True))


async def _earlier(store: Store, visit: Visit) -> list[_Examined]:
    """The visits of the same person before this one, oldest first."""
    visits = await store.visits_of(visit.patient, limit=4 * MOST_VISITS)
    before = [one for one in visits if one.opened_at < visit.opened_at][: MOST_VISITS - 1]
    return [
        await _examined(store, standing(await store.stills(one.study_instance_uid)))
        for one in reversed(before)
    ]


def _rank(still: Still) -> tuple[int, int, int]:
    header = still.header
    return _VIEWS.index(header.view), _LIGHTS.index(header.light), still.instance_number


def _expected(visit: Visit, stills: Sequence[Still], there: int) -> int:
    """Pictures that a complete visit would have; one that was taken again or rejected counts as its newer one or not."""
    missing = set(visit.expected) - {still.sop_instance_uid for still in stills}
    return there + len(missing) if visit.expected else max(there, visit.protocol.stills)


def _photograph(still: Still, instances: Sequence[Instance], archive: Archive) -> Photograph:
    kinds = {one.kind: one.path for one in instances if one.still_uid == still.sop_instance_uid and here(one)}
    rendition = archive.rendition(still.study_instance_uid, still.sop_instance_uid)
    quality = still.quality
    return Photograph(
        sop_instance_uid=still.sop_instance_uid,
        view=still.header.view,
        light=still.header.light,
        captured_at=still.header.captured_at or still.received_at,
        width=still.header.width,
        height=still.header.height,
        part=_part(still),
        verdict=Verdict.UNKNOWN if quality is None else quality.verdict,
        advice="" if quality is None else " ".join(quality.advice),
        override=still.override,
        report=kinds.get(ObjectKind.REPORT, ""),
        overlay=kinds.get(ObjectKind.OVERLAY, ""),
        rendition=archive.relative(rendition),
    )


def _part(still: Still) -> tuple[float, float, float, float]:
    """The face with some of what is around it; without a face all."""
    if still.face is None:
        return 0.0, 0.0, 1.0, 1.0
    box, width, height = still.face.box, still.header.width, still.header.height
    more_x, more_y = _AROUND_FACE * box.width, _AROUND_FACE * box.height
    left, right = max(box.x - more_x, 0.0), min(box.x + box.width + more_x, width)
    top, bottom = max(box.y - more_y, 0.0), min(box.y + box.height + more_y, height)
    if right - left < 1 or bottom - top < 1:
        return 0.0, 0.0, 1.0, 1.0
    return left / width, top / height, right / width, bottom / height


def here(one: Instance) -> bool:
    """Whether an object's file is in the archive."""
    return one.released_at is None and one.hidden_by is None


def _results(examined: _Examined, past: Sequence[_Examined]) -> Iterator[Result]:
    """Every measure that is no model's assessment, of the first photograph that has it."""
    told = set[str]()
    for still, measures in examined:
        for name in dict.fromkeys(one.name for one in measures):
            found = {one.region: one for one in measures if one.name == name and one.value is not None}
            if name in told or not found or _is_assessment(name):
                continue
            told.add(name)
            first = next((region for region in _WHOLE if region in found), next(iter(found)))
            of = found[first]
            yield Result(
                name=name,
                unit=of.unit,
                method=of.method,
                view=still.header.view,
                light=still.header.light,
                values={region: one.value for region, one in found.items() if one.value is not None},
                past=tuple(_course(past, still, of)),
            )


def _assessments(examined: _Examined, past: Sequence[_Examined]) -> Iterator[Assessment]:
    told = set[str]()
    for still, measures in examined:
        for one in measures:
            wanted = one.region in _WHOLE and one.value is not None and _is_assessment(one.name)
            if not wanted or one.name in told or one.name.endswith(_INNER):
                continue
            told.add(one.name)
            yield Assessment(
                name=one.name,
                value=one.value or 0.0,
                method=one.method,
                past=tuple(_course(past, still, one)),
            )


def _is_assessment(name: str) -> bool:
    return name.startswith(("acne_", "condition_"))


def _course(past: Sequence[_Examined], still: Still, of: Measure) -> Iterator[Past]:
    """The same measure of the same region, view and light at earlier visits, in the same unit."""
    for visit in past:
        for earlier, measures in visit:
            if (earlier.header.view, earlier.header.light) != (still.header.view, still.header.light):
                continue
            same = (
                one for one in measures if (one.name, one.region, one.unit) == (of.name, of.region, of.unit)
            )
            one = next(same, None)
            if one is not None and one.value is not None:
                at = earlier.header.captured_at or earlier.received_at
                yield Past(at, one.value, one.method == of.method)
                break


def _unmeasured(examined: _Examined) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Of what no photograph gave a value."""
    measured = {one.name for _, found in examined for one in found if one.value is not None}
    reasons: dict[str, dict[str, None]] = {}
    for one in _all(examined):
        if one.value is None and one.name not in measured:
            reasons.setdefault(one.reason or "no value", {})[one.name] = None
    yield from ((reason, tuple(names)) for reason, names in reasons.items())


def _all(examined: _Examined) -> Iterable[Measure]:
    return (one for _, found in examined for one in found)
