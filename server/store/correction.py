"""The durable table of corrections: asked for by people, done step by step, ended in one commit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlalchemy import or_
from sqlmodel import Session, col, delete, select, update

from server.store.delivery import DeliveryRow, DeliveryState
from server.store.patients import patient_key, searchable
from server.store.routing import Route, enqueue
from server.store.routing import Route, enqueue
from server.store.records import Instance, instance_row, to_json
from server.store.tables import (
    OPEN_CORRECTION,
    UNFINISHED,
    WHOLE_RECORD,
    CorrectionKind,
    CorrectionRow,
    CorrectionState,
    InstanceRow,
    StillRow,
    VisitRow,
    WorkRow,
)
from station.protocol import Order, Patient, derived_uid, new_uid


class Cause(StrEnum):
    """Why objects are withdrawn, in the terms of PS3.16 CID 7031 and, for their quality, CID 7011."""

    WORKLIST_ENTRY = "worklist_entry"
    PATIENT_SAFETY = "patient_safety"
    RETENTION = "retention"
    MOTION_BLUR = "motion_blur"
    UNDER_EXPOSED = "under_exposed"
    OVER_EXPOSED = "over_exposed"
    POSITIONING = "positioning"
    ARTIFACT = "artifact"
    OTHER = "other"
    """Of quality, and none of those before."""


class Whose(msgspec.Struct, frozen=True, kw_only=True):
    """Of whom a visit was taken, and as what it was ordered."""

    patient: Patient
    order: Order | None = None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A correction that somebody asks for."""

    kind: CorrectionKind
    study_instance_uid: str
    """The visit."""
    seen: Patient
    """The visit's patient as whoever asks has seen it."""
    after: Whose
    """What is right; of `PATIENT` and `MERGE` every visit keeps its order."""
    reason: str
    by: str
    at: float


@dataclass(frozen=True, kw_only=True)
class Unwanted:
    """A still that somebody rejects."""

    sop_instance_uid: str
    study_instance_uid: str
    cause: Cause
    reason: str
    by: str
    at: float


def ask(session: Session, wanted: Wanted) -> list[CorrectionRow]:
    """Enter a correction of every visit that it concerns. Raises `NotFound`, `Conflict` with what to do instead."""
    visit = _visit(session, wanted.study_instance_uid)
    if whose(visit).patient != wanted.seen:
        raise Conflict("the visit has another patient by now: look at it again")
    concerned = _concerned(session, visit, wanted)
    changes = [(one, _after(one, wanted)) for one in concerned]
    rows = [_row(session, one, after, wanted) for one, after in changes if after != whose(one)]
    if not rows:
        raise Conflict("the visit is like that already: there is nothing to correct")
    session.add_all(rows)
    return rows


def reject(session: Session, unwanted: Unwanted) -> CorrectionRow:
    """Enter the rejection of a still. Raises `NotFound`, `Conflict`."""
    visit = _visit(session, unwanted.study_instance_uid)
    still = session.get(StillRow, unwanted.sop_instance_uid)
    if still is None or still.study_instance_uid != visit.study_instance_uid:
        raise NotFound("no such still in this visit")
    if still.rejected_by is not None:
        raise Conflict("this still is rejected already")
    need_no_other(session, visit)
    same, study = to_json(whose(visit)), visit.study_now or visit.study_instance_uid
    row = CorrectionRow(
        id=new_uid(),
        kind=CorrectionKind.REJECT,
        study_instance_uid=visit.study_instance_uid,
        still_uid=still.sop_instance_uid,
        requested_by=unwanted.by,
        requested_at=unwanted.at,
        cause=unwanted.cause,
        reason=unwanted.reason,
        before=same,
        after=same,
        study_before=study,
        study_after=study,
    )
    need_files(session, row)
    session.add(row)
    return row


def _visit(session: Session, study_instance_uid: str) -> VisitRow:
    visit = session.get(VisitRow, study_instance_uid, with_for_update=True)
    if visit is None:
        raise NotFound("no such visit")
    return visit


def _concerned(session: Session, visit: VisitRow, wanted: Wanted) -> Sequence[VisitRow]:
    """The visits that are corrected; raises `Conflict` if that cannot be meant."""
    there, now = visit.patient_key, patient_key(wanted.after.patient)
    others = finding.of_patient(session, now, 1) if now != there else ()
    if wanted.kind is CorrectionKind.PATIENT and others:
        raise Conflict("this patient ID is another person's here: merge the two, or move the visit to them")
    if wanted.kind is CorrectionKind.MERGE and (not there or not now or there == now):
        raise Conflict("a merge takes the visits of one patient ID to another")
    if wanted.kind not in WHOLE_RECORD or not there:
        return (visit,)
    found = finding.of_patient(session, there, finding.MOST)
    if len(found) == finding.MOST:
        raise Conflict(f"more than {finding.MOST - 1} visits have this patient ID: correct them one by one")
    return found


def _after(visit: VisitRow, wanted: Wanted) -> Whose:
    if wanted.kind in WHOLE_RECORD:
        return Whose(patient=wanted.after.patient, order=whose(visit).order)
    return wanted.after


def _row(session: Session, visit: VisitRow, after: Whose, wanted: Wanted) -> CorrectionRow:
    need_no_other(session, visit)
    uid, study = new_uid(), visit.study_now or visit.study_instance_uid
    row = CorrectionRow(
        id=uid,
        kind=wanted.kind,
        study_instance_uid=visit.study_instance_uid,
        requested_by=wanted.by,
        requested_at=wanted.at,
        cause=Cause.WORKLIST_ENTRY,
        reason=wanted.reason,
        before=to_json(whose(visit)),
        after=to_json(after),
        study_before=study,
        study_after=_study_after(session, after, wanted.kind) or derived_uid(study, uid),
    )
    need_files(session, row)
    return row


def _study_after(session: Session, after: Whose, kind: CorrectionKind) -> str | None:
    """The study that the order expects, unless it is taken."""
    uid = None if after.order is None else after.order.study_instance_uid
    if uid is None or kind in WHOLE_RECORD:
        return None
    visit = select(VisitRow).where((VisitRow.study_instance_uid == uid) | (VisitRow.study_now == uid))
    held = select(InstanceRow).where(InstanceRow.study_instance_uid == uid)
    wanted = select(CorrectionRow).where(CorrectionRow.study_after == uid)
    taken = any(session.exec(query.limit(1)).first() for query in (visit, held, wanted))
    return None if taken else uid


def need_no_other(session: Session, visit: VisitRow) -> None:
    """Raise `Conflict` while a correction of a visit is under way."""
    query = select(CorrectionRow.id).where(
        CorrectionRow.study_instance_uid == visit.study_instance_uid,
        col(CorrectionRow.state).in_(OPEN_CORRECTION),
    )
    if session.exec(query).first() is not None:
        raise Conflict("a correction of this visit is under way: wait until it has ended")


def need_files(session: Session, row: CorrectionRow) -> None:
    """Raise `Conflict` if what is to be withdrawn was deleted here."""
    if any(one.released_at is not None for one in objects(session, row)):
        raise Conflict("the visit's files were deleted here after they were sent: have the PACS correct it")


def whose(visit: VisitRow) -> Whose:
    """Patient and order of a visit."""
    order = None if visit.ordered is None else msgspec.json.decode(visit.ordered, type=Order)
    return Whose(patient=msgspec.json.decode(visit.patient, type=Patient), order=order)


def objects(session: Session, row: CorrectionRow) -> Sequence[InstanceRow]:
    """The objects that a correction withdraws, photos before what was made of them."""
    query = (
        select(InstanceRow)
        .join(StillRow, col(StillRow.sop_instance_uid) == col(InstanceRow.still_uid))
        .where(StillRow.study_instance_uid == row.study_instance_uid, col(InstanceRow.hidden_by).is_(None))
        .order_by(col(InstanceRow.created_at), col(InstanceRow.sop_instance_uid))
    )
    if row.still_uid is not None:
        query = query.where(InstanceRow.still_uid == row.still_uid)
    return session.exec(query).all()


def claim(session: Session, worker: str, now: float, lease_s: float) -> CorrectionRow | None:
    """Take the correction that is first in line, for `lease_s`."""
    due = (col(CorrectionRow.state) == CorrectionState.WAITING) & (col(CorrectionRow.not_before) <= now)
    left = (col(CorrectionRow.state) == CorrectionState.RUNNING) & (col(CorrectionRow.lease_until) <= now)
    query = (
        select(CorrectionRow)
        .where(or_(due, left))
        .order_by(col(CorrectionRow.requested_at), col(CorrectionRow.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.exec(query).first()
    if row is not None:
        row.state, row.worker, row.lease_until = CorrectionState.RUNNING, worker, now + lease_s
        session.add(row)
    return row


def is_due(session: Session, now: float) -> bool:
    """Whether anything may be due; writes nothing."""
    query = select(CorrectionRow.id).where(
        col(CorrectionRow.state).in_(OPEN_CORRECTION), col(CorrectionRow.not_before) <= now
    )
    return session.exec(query.limit(1)).first() is not None


def release(session: Session, worker: str) -> int:
    """Make what this worker holds due again; how many these were."""
    held = (col(CorrectionRow.worker) == worker) & (col(CorrectionRow.state) == CorrectionState.RUNNING)
    due = {"state": CorrectionState.WAITING, "worker": ""}
    return int(session.exec(update(CorrectionRow).where(held).values(due)).rowcount)


def postpone(session: Session, uid: str, worker: str, not_before: float, error: str, failed: bool) -> None:
    """Let a correction wait; with `failed` the try counts."""
    row = _held(session, uid, worker)
    if row is not None:
        row.state, row.worker, row.not_before = CorrectionState.WAITING, "", not_before
        row.error, row.attempts = error[:512], row.attempts + int(failed)
        session.add(row)


def give_up(session: Session, uid: str, worker: str, error: str, at: float) -> None:
    """End a correction without any change."""
    row = _held(session, uid, worker)
    if row is not None:
        row.state, row.worker, row.error, row.ended_at = CorrectionState.FAILED, "", error[:512], at
        session.add(row)


def _held(session: Session, uid: str, worker: str) -> CorrectionRow | None:
    row = session.get(CorrectionRow, uid, with_for_update=True)
    held = row is not None and (row.state, row.worker) == (CorrectionState.RUNNING, worker)
    return row if held else None


def waits_for(session: Session, row: CorrectionRow, now: float) -> str:
    """What a correction has to wait for; empty: nothing."""
    stills = select(StillRow.sop_instance_uid).where(StillRow.study_instance_uid == row.study_instance_uid)
    if row.still_uid is not None:
        stills = stills.where(StillRow.sop_instance_uid == row.still_uid)
    work = select(WorkRow.id).where(
        col(WorkRow.sop_instance_uid).in_(stills), col(WorkRow.state).in_(UNFINISHED)
    )
    if session.exec(work.limit(1)).first() is not None:
        return "the pictures are still being analysed"
    sending = select(DeliveryRow.id).where(
        col(DeliveryRow.sop_instance_uid).in_([one.sop_instance_uid for one in objects(session, row)]),
        DeliveryRow.state == DeliveryState.SENDING,
        DeliveryRow.lease_until > now,
    )
    return "" if session.exec(sending.limit(1)).first() is None else "the pictures are being sent"


def finish(
    session: Session,
    uid: str,
    worker: str,
    copies: Sequence[Instance],
    withdrawn: Collection[str],
    notice: Instance | None,
    routes: Sequence[Route],
    now: float,
) -> bool:
    """Put copies in the place of what was withdrawn, and change visit or still, at once.

    `withdrawn` are all objects that the work began with, `copies` what comes for some of them, `notice` the key object that
    withdraws them. False: another object came in between, or something is to be waited for: nothing was changed.
    """
    row = _held(session, uid, worker)
    if row is None:
        return True
    visit = _visit(session, row.study_instance_uid)
    old = objects(session, row)
    if waits_for(session, row, now) or {one.sop_instance_uid for one in old} != set(withdrawn):
        return False
    told = _withdraw(session, row, old)
    enqueue(session, [session.merge(instance_row(one)) for one in copies], routes, now)
    if notice is not None:
        _tell(session, instance_row(notice), told, now)
    _change(session, row, visit)
    row.state, row.worker, row.error, row.ended_at = CorrectionState.DONE, "", "", now
    session.add(row)
    return True


def _withdraw(session: Session, row: CorrectionRow, old: Iterable[InstanceRow]) -> list[str]:
    """Hide objects, and send them nowhere any more; where they may be by now."""
    uids = [one.sop_instance_uid for one in old]
    for one in old:
        one.hidden_by = row.id
        session.add(one)
    theirs = col(DeliveryRow.sop_instance_uid).in_(uids)
    begun = select(DeliveryRow.destination).where(theirs, col(DeliveryRow.begun_at).is_not(None))
    told = sorted(set(session.exec(begun)))
    on_the_way = (DeliveryState.WAITING, DeliveryState.SENDING, DeliveryState.PARKED)
    session.exec(delete(DeliveryRow).where(theirs, col(DeliveryRow.state).in_(on_the_way)))
    return told


def _tell(session: Session, notice: InstanceRow, destinations: Sequence[str], now: float) -> None:
    """Let a key object go to these, whatever kinds of objects they take otherwise."""
    kept = session.merge(notice)
    enqueue(session, [kept], [Route(name, frozenset({kept.kind})) for name in destinations], now)


def _change(session: Session, row: CorrectionRow, visit: VisitRow) -> None:
    if row.still_uid is not None:
        session.get_one(StillRow, row.still_uid).rejected_by = row.id
        return
    after = msgspec.json.decode(row.after, type=Whose)
    visit.patient, visit.study_now = to_json(after.patient), row.study_after
    visit.ordered = None if after.order is None else to_json(after.order)
    visit.patient_key, visit.searched = patient_key(after.patient), searchable(after.patient)
    session.add(visit)
