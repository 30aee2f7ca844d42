"""What requests leave in the audit trail: who asks for whose data, before it is sent; who signs in; who is refused."""

import time
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from typing import TypeVar

from aiohttp import web

from server.access import Grant
from server.api.routes import GRANT, Handler
from server.audit import Action, Actor, AuditEvent, Auditor, Subject, codes, events
from server.errors import AccessDenied, NotFound
from server.store import Correction, CorrectionKind, Store, Visit, VisitSearch
from station.protocol import Patient, is_uid

_REMEMBERED = 4096
_DICOMWEB = "/dicom-web/"
_LIVE = "/whep/{booth}"
_SEARCHES = ("/studies", "/series", "/instances")
"""How searches by DICOMweb end."""
_LONGEST_QUERY = 4096

K = TypeVar("K")
V = TypeVar("V")


class RequestAudit:
    """The audit of one application.

    Messages tell of studies, not of pictures (PS3.15 section A.5.3.6): the same caller asking the same of a study within
    `repeat_after_s` is not recorded again.
    """

    def __init__(self, auditor: Auditor, store: Store, *, repeat_after_s: float) -> None:
        self._auditor = auditor
        self._store = store
        self._repeat_after_s = repeat_after_s
        self._recorded: OrderedDict[Hashable, float] = OrderedDict()
        self._studies: OrderedDict[str, str] = OrderedDict()
        """The study of a still."""

    async def before(self, request: web.Request, grant: Grant) -> None:
        """Record what a request asks to see. Raises `AuditUnavailable`: then it is not shown."""
        resource = request.match_info.route.resource
        name = request.path if resource is None else resource.canonical
        actor = actor_of(request, grant)
        study = None if _is_search(name) else await self._study(request)
        if study is not None:
            if not self._known((actor, name, study)):
                await self._access(actor, name, study)
        elif _is_search(name):
            query = request.path_qs.encode()[:_LONGEST_QUERY]
            if not self._known((actor, query)):
                await self._auditor.record(events.queried(actor, self._auditor.source.actor, query))
                self._remember((actor, query))

    async def watches(self, actor: Actor, booth: str) -> None:
        """Record that somebody sees a booth's live picture, if a visit is open there. Raises `AuditUnavailable`."""
        newest = await self._store.visits(limit=1, search=VisitSearch(booth_id=booth))
        for visit in newest:
            study = visit.study_instance_uid
            if visit.closed_at is None and not self._known((actor, _LIVE, study)):
                await self._access(actor, _LIVE, study)

    def refused(self, request: web.Request, reason: str, grant: Grant | None) -> None:
        """Note a token that does not hold (`grant` is None) or does not allow what was asked."""
        address = request.remote or ""
        if self._known((address, reason)):
            return
        self._remember((address, reason))
        if grant is None:
            self._auditor.note(events.signed_in("", address, refused=reason))
        else:
            kind, actor = codes.USE_OF_RESTRICTED_FUNCTION, actor_of(request, grant)
            self._auditor.note(events.alert(kind, actor, f"{request.method} {request.path}: {reason}"))

    async def record(self, event: AuditEvent) -> None:
        """Record an event; raises `AuditUnavailable`: then it must not happen."""
        await self._auditor.record(event)

    def note(self, event: AuditEvent) -> None:
        """Record an event that has happened."""
        self._auditor.note(event)

    async def _access(self, actor: Actor, name: str, study: str) -> None:
        try:
            patient = (await self._store.visit(study)).patient
        except NotFound:
            return
        subject = _subject(patient)
        if name.startswith(_DICOMWEB):
            event = events.transferred(self._auditor.source.actor, actor, study, {}, subject)
        else:
            event = events.accessed(actor, study, subject, what=name)
        await self._auditor.record(event)
        self._remember((actor, name, study))

    async def _study(self, request: web.Request) -> str | None:
        """The study that a request is about; None: none, or a still that is not there."""
        study, sop = request.match_info.get("study"), request.match_info.get("sop")
        if study is not None:
            return study if is_uid(study) else None
        if sop is None or not is_uid(sop):
            return None
        if sop not in self._studies:
            still = await self._store.find_still(sop)
            if still is None:
                return None
            _keep(self._studies, sop, still.study_instance_uid)
        return self._studies[sop]

    def _known(self, key: Hashable) -> bool:
        return self._recorded.get(key, 0.0) > time.monotonic()

    def _remember(self, key: Hashable) -> None:
        _keep(self._recorded, key, time.monotonic() + self._repeat_after_s)


AUDIT = web.AppKey("audit", RequestAudit)
"""Without it nothing is recorded."""


@web.middleware
async def record_access(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the handler begin when it is on the disk who asked for what; stands inside `access`."""
    audit, grant = request.app.get(AUDIT), request.get(GRANT)
    if audit is not None and grant is not None:
        await audit.before(request, grant)
    return await handler(request)


@web.middleware
async def note_refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Note who came with a token that does not hold, or does not allow it; stands outside `access`."""
    try:
        return await handler(request)
    except AccessDenied as error:
        if (audit := request.app.get(AUDIT)) is not None:
            audit.refused(request, str(error), None)
        raise
    except web.HTTPForbidden as error:
        if (audit := request.app.get(AUDIT)) is not None and (grant := request.get(GRANT)) is not None:
            audit.refused(request, str(error.text), grant)
        raise


async def record_sign_in(request: web.Request, grant: Grant) -> None:
    """Record that somebody signs in; raises `AuditUnavailable`."""
    if (audit := request.app.get(AUDIT)) is not None:
        await audit.record(events.signed_in(_user(grant), request.remote or ""))


def note_sign_out(request: web.Request, grant: Grant) -> None:
    """Record that somebody signed out."""
    if (audit := request.app.get(AUDIT)) is not None:
        audit.note(events.signed_in(_user(grant), request.remote or "", out=True))


def note_correction(request: web.Request, grant: Grant, asked: Sequence[Correction]) -> None:
    """Record what somebody has corrected: the record of every patient that it concerns, or a still of one."""
    audit, actor = request.app.get(AUDIT), actor_of(request, grant)
    if audit is None:
        return
    for one in asked:
        what = f"{one.kind} of {one.still_uid or one.study_instance_uid}: correction {one.id}"
        people = dict.fromkeys(_subject(patient) for patient in (one.before.patient, one.after.patient))
        if one.kind is CorrectionKind.REJECT:
            event = events.accessed(
                actor, one.study_before, next(iter(people)), action=Action.UPDATE, what=what
            )
            audit.note(event)
            continue
        for subject in people:
            audit.note(events.patient_changed(actor, subject, Action.UPDATE, what=what))


async def record_signing(request: web.Request, grant: Grant, visit: Visit, content: str) -> None:
    """Record that somebody signs a visit, before it is done; raises `AuditUnavailable`."""
    if (audit := request.app.get(AUDIT)) is not None:
        study, what = visit.study_now or visit.study_instance_uid, f"signs the measures: content {content}"
        event = events.accessed(
            actor_of(request, grant), study, _subject(visit.patient), action=Action.CREATE, what=what
        )
        await audit.record(event)


def actor_of(request: web.Request, grant: Grant) -> Actor:
    """The caller as the trail names it: the token's subject, the session beside it, and the address."""
    _, _, session = grant.subject.partition("#")
    return Actor(user_id=_user(grant), alternative_id=session, address=request.remote or "")


def _is_search(name: str) -> bool:
    return name == "/api/visits" or (name.startswith(_DICOMWEB) and name.endswith(_SEARCHES))


def _subject(patient: Patient) -> Subject:
    return Subject(patient_id=patient.patient_id, issuer=patient.issuer_of_patient_id)


def _user(grant: Grant) -> str:
    return grant.subject.partition("#")[0]


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    """Remember `value`; the oldest go when there are too many."""
    kept[key] = value
    while len(kept) > _REMEMBERED:
        kept.popitem(last=False)
