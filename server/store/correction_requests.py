"""What people ask to be corrected: checked, and entered into the table of corrections."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlmodel import Session, select

from server.errors import Conflict, NotFound
from server.store import finding
from server.store.correction import Cause, Whose, objects
from server.store.patients import patient_key
from server.store.records import to_json
from server.store.tables import (
    WHOLE_RECORD,
    CorrectionKind,
    CorrectionRow,
    InstanceRow,
    StillRow,
    VisitRow,
)
from station.protocol import Order, Patient, derived_uid, new_uid


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
    if _whose(visit).patient != wanted.seen:
        raise Conflict("the visit has another patient by now: look at it again")
    concerned = _concerned(session, visit, wanted)
    changes = [(one, _after(one, wanted)) for one in concerned]
    rows = [_row(session, one, after, wanted) for one, after in changes if after != _whose(one)]
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
    _need_no_other(session, visit)
    same, study = to_json(_whose(visit)), visit.study_now or visit.study_instance_uid
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
    _need_files(session, row)
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
        raise Conflict(f"more than {finding.MOST - 1} visits have this patient ID: move them one by one")
    return found


def _after(visit: VisitRow, wanted: Wanted) -> Whose:
    if wanted.kind in WHOLE_RECORD:
        return Whose(patient=wanted.after.patient, order=_whose(visit).order)
    return wanted.after


def _row(session: Session, visit: VisitRow, after: Whose, wanted: Wanted) -> CorrectionRow:
    _need_no_other(session, visit)
    uid, study = new_uid(), visit.study_now or visit.study_instance_uid
    row = CorrectionRow(
        id=uid,
        kind=wanted.kind,
        study_instance_uid=visit.study_instance_uid,
        requested_by=wanted.by,
        requested_at=wanted.at,
        cause=Cause.WORKLIST_ENTRY,
        reason=wanted.reason,
        before=to_json(_whose(visit)),
        after=to_json(after),
        study_before=study,
        study_after=_study_after(session, after, wanted.kind) or derived_uid(study, uid),
    )
    _need_files(session, row)
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


def _need_no_other(session: Session, visit: VisitRow) -> None:
    """Raise `Conflict` while a correction of a visit is under way."""
    if finding.is_being_corrected(session, visit.study_instance_uid):
        raise Conflict("a correction of this visit is under way: wait until it has ended")


def _need_files(session: Session, row: CorrectionRow) -> None:
    """Raise `Conflict` if what is to be withdrawn was deleted here."""
    if any(one.released_at is not None for one in objects(session, row)):
        raise Conflict("the visit's files were deleted here after they were sent: have the PACS correct it")


def _whose(visit: VisitRow) -> Whose:
    """Patient and order of a visit."""
    order = None if visit.ordered is None else msgspec.json.decode(visit.ordered, type=Order)
    return Whose(patient=msgspec.json.decode(visit.patient, type=Patient), order=order)
