"""Corrections: a visit that is another patient's or has an order, details that are wrong, a still that is no good."""

import asyncio
import time
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from server.access import Grant, Scope
from server.api.about import About, number, uid, whole
from server.api.auditing import note_correction
from server.api.resources import STORE, json_response, number_in_query, text_in_query, uid_in_path
from server.api.routes import GRANT, Route, route
from server.api.schemas import (
    CorrectionInfo,
    CorrectionPage,
    CorrectVisit,
    OrderPage,
    PatientSaid,
    RejectStill,
)
from server.orders import Keeper
from server.store import Cause, Correction, CorrectionKind, Unwanted, Wanted, Whose
from station.protocol import Order, Patient, is_uid

ORDERS = web.AppKey("orders", Keeper)
"""Where the hospital's worklist lies; without it there is none."""
_SEARCH = (
    whole("limit", 1, 200, 50),
    uid("study", "of the visit"),
    number("before", 0, 1e12, meaning="asked for earlier; seconds since 1970 UTC"),
)
_PARTS, _LONGEST_PART = 3, 64


def routes() -> list[Route]:
    """The routes of the corrections."""
    return [
        route(
            "GET",
            "/api/corrections",
            corrections,
            Scope.READ,
            answer=CorrectionPage,
            about=About(parameters=_SEARCH),
        ),
        route("GET", "/api/orders", orders, Scope.CORRECT, answer=OrderPage),
        route(
            "POST",
            "/api/visits/{study}/corrections",
            correct,
            Scope.CORRECT,
            answer=CorrectionPage,
            about=_asked(CorrectVisit),
        ),
        route(
            "POST",
            "/api/visits/{study}/stills/{sop}/reject",
            reject,
            Scope.CORRECT,
            answer=CorrectionInfo,
            about=_asked(RejectStill),
        ),
    ]


def _asked(body: type) -> About:
    return About(takes=body, success=(202,), problems=(409, 422, 503))


async def corrections(request: web.Request) -> web.Response:
    """The newest corrections, at most `limit`: of the visit `study`, asked for before `before` (seconds since 1970)."""
    study = text_in_query(request, "study", 64)
    if study and not is_uid(study):
        raise web.HTTPBadRequest(text="`study` is not a DICOM UID")
    limit = int(number_in_query(request, "limit", 50, 1, 200))
    before = number_in_query(request, "before", 0, 0, 1e12) or None
    found = await request.app[STORE].corrections.find(study, before=before, limit=limit)
    return json_response(CorrectionPage(corrections=tuple(map(describe_correction, found))))


async def orders(request: web.Request) -> web.Response:
    """The hospital's worklist as it was last told; empty where none is asked."""
    keeper = request.app.get(ORDERS)
    kept = None if keeper is None else await asyncio.to_thread(keeper.read)
    if kept is None:
        return json_response(OrderPage(told_at=None, entries=()))
    return json_response(OrderPage(told_at=kept.told_at, entries=kept.entries))


async def correct(request: web.Request) -> web.Response:
    """Say of whom a visit was taken, what is right of them, or what it was ordered as.

    `seen` is the patient that the caller saw: 409 if it is another by now. Of `patient` and `merge` every visit under the
    same patient ID is corrected. The answer names the corrections, which are done soon; look at `GET /api/corrections`.
    """
    study = uid_in_path(request, "study")
    body = msgspec.json.decode(await request.read(), type=CorrectVisit)
    grant = request[GRANT]
    wanted = Wanted(
        kind=CorrectionKind(body.kind),
        study_instance_uid=study,
        seen=body.seen,
        after=_after(body),
        reason=body.reason.strip(),
        by=_user(grant),
        at=time.time(),
    )
    asked = await request.app[STORE].corrections.ask(wanted)
    note_correction(request, grant, asked)
    page = CorrectionPage(corrections=tuple(map(describe_correction, asked)))
    return json_response(page, status=202)


async def reject(request: web.Request) -> web.Response:
    """Withdraw a still, for its quality or another `cause`; it is done soon."""
    study, sop = uid_in_path(request, "study"), uid_in_path(request, "sop")
    body = msgspec.json.decode(await request.read(), type=RejectStill)
    grant = request[GRANT]
    unwanted = Unwanted(
        sop_instance_uid=sop,
        study_instance_uid=study,
        cause=Cause(body.cause),
        reason=body.reason.strip(),
        by=_user(grant),
        at=time.time(),
    )
    asked = await request.app[STORE].corrections.reject(unwanted)
    note_correction(request, grant, [asked])
    return json_response(describe_correction(asked), status=202)


def describe_correction(one: Correction) -> CorrectionInfo:
    """A correction as it is told."""
    return CorrectionInfo(
        id=one.id,
        kind=one.kind.value,
        study_instance_uid=one.study_instance_uid,
        still_uid=one.still_uid,
        requested_by=one.requested_by,
        requested_at=one.requested_at,
        cause=one.cause.value,
        reason=one.reason,
        before=one.before.patient,
        after=one.after.patient,
        order_before=one.before.order,
        order_after=one.after.order,
        study_before=one.study_before,
        study_after=one.study_after,
        state=one.state.value,
        error=one.error,
        ended_at=one.ended_at,
    )


def _after(body: CorrectVisit) -> Whose:
    if not body.reason.strip():
        raise web.HTTPUnprocessableEntity(text="say why in `reason`")
    if (body.order is not None) is not (body.kind == "order"):
        raise web.HTTPUnprocessableEntity(text="`order` goes with the kind `order`, and with no other")
    patient = _patient(body.patient)
    order = None if body.order is None else msgspec.convert(msgspec.to_builtins(body.order), Order)
    return Whose(patient=patient, order=order)


def _patient(said: PatientSaid) -> Patient:
    patient = msgspec.convert(msgspec.to_builtins(said), Patient)
    if not (patient.patient_id.strip() and patient.patient_name.strip(" ^=")):
        raise web.HTTPUnprocessableEntity(text="a patient needs an ID and a name")
    groups = patient.patient_name.split("=")
    if len(groups) > _PARTS or any(len(one) > _LONGEST_PART or one.count("^") > 4 for one in groups):
        raise web.HTTPUnprocessableEntity(text="write the name as Family^Given, at most 64 characters")
    if patient.patient_birth_date and not _is_past_day(patient.patient_birth_date):
        raise web.HTTPUnprocessableEntity(text="the birth date is no day of the past")
    return patient


def _is_past_day(text: str) -> bool:
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC) <= datetime.now(UTC)
    except ValueError:
        return False


def _user(grant: Grant) -> str:
    return grant.subject.partition("#")[0][:64]
