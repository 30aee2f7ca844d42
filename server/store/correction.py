"""The durable table of corrections: asked for by people, done step by step, ended in one commit."""

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum

import msgspec
from sqlalchemy import or_
from sqlmodel import Session, col, delete, select, update

from server.store import signature
from server.store.delivery import DeliveryRow, DeliveryState
from server.store.patients import patient_key, searchable
from server.store.records import Instance, instance_row, to_json
from server.store.routing import Route, enqueue
from server.store.tables import (
    OPEN_CORRECTION,
    UNFINISHED,
    CorrectionRow,
    CorrectionState,
    InstanceRow,
    StillRow,
    VisitRow,
    WorkRow,
)
from station.protocol import Order, Patient


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


def objects(session: Session, row: CorrectionRow) -> Sequence[InstanceRow]:
    """The objects that a correction withdraws, photos before what was made of them.

    With a still goes every signed document that shows it.
    """
    query = (
        select(InstanceRow)
        .join(StillRow, col(StillRow.sop_instance_uid) == col(InstanceRow.still_uid))
        .where(StillRow.study_instance_uid == row.study_instance_uid, col(InstanceRow.hidden_by).is_(None))
        .order_by(col(InstanceRow.created_at), col(InstanceRow.sop_instance_uid))
    )
    if row.still_uid is not None:
        documents = signature.covering(session, row.study_instance_uid, row.still_uid)
        theirs = col(InstanceRow.sop_instance_uid).in_(documents)
        query = query.where(or_(col(InstanceRow.still_uid) == row.still_uid, theirs))
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
    visit = session.get_one(VisitRow, row.study_instance_uid, with_for_update=True)
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
    """Hide objects, and send them nowhere any more, nor ask whether they are kept; where they may be by now."""
    uids = [one.sop_instance_uid for one in old]
    for one in old:
        one.hidden_by = row.id
        session.add(one)
    theirs = col(DeliveryRow.sop_instance_uid).in_(uids)
    begun = select(DeliveryRow.destination).where(theirs, col(DeliveryRow.begun_at).is_not(None))
    told = sorted(set(session.exec(begun)))
    session.exec(delete(DeliveryRow).where(theirs, col(DeliveryRow.state) != DeliveryState.COMMITTED))
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
