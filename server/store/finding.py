"""Visits and stills found by what people know of them; every answer is bounded."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func
from sqlmodel import Session, col, select

from server.errors import NotFound
from server.store.patients import search_words
from server.store.tables import OPEN_CORRECTION, CorrectionRow, StillRow, VisitRow

MOST = 500
"""Visits in one answer."""


@dataclass(frozen=True)
class VisitSearch:
    """What is known of the visits that are sought; times in seconds since 1970 UTC."""

    words: str = ""
    """Parts of the patient's name or ID, in any order, case and accents aside; every one must be there."""
    booth_id: str = ""
    since: float | None = None
    """Opened then or later."""
    before: float | None = None
    """Opened earlier than that."""
    unreconciled: bool = False
    """Only visits that no order is known of."""


EVERY = VisitSearch()


def visit(session: Session, study_instance_uid: str) -> VisitRow:
    """The visit with this Study Instance UID, its own or the one that its objects have now; raises `NotFound`."""
    corrected = select(VisitRow).where(VisitRow.study_now == study_instance_uid)
    row = session.get(VisitRow, study_instance_uid) or session.exec(corrected).first()
    if row is None:
        raise NotFound("no such visit")
    return row


def visits(session: Session, search: VisitSearch, limit: int) -> Sequence[VisitRow]:
    """The newest visits that fit, newest first."""
    query = select(VisitRow).order_by(col(VisitRow.opened_at).desc()).limit(min(limit, MOST))
    if search.booth_id:
        query = query.where(VisitRow.booth_id == search.booth_id)
    if search.since is not None:
        query = query.where(col(VisitRow.opened_at) >= search.since)
    if search.before is not None:
        query = query.where(col(VisitRow.opened_at) < search.before)
    if search.unreconciled:
        query = query.where(col(VisitRow.ordered).is_(None))
    for word in search_words(search.words):
        query = query.where(col(VisitRow.searched).contains(word, autoescape=True))
    return session.exec(query).all()


def begun(session: Session, studies: Collection[str], booth_id: str) -> set[str]:
    """Those of these Study Instance UIDs that a booth may not begin.

    A visit has stills, is open at another booth, or was given an order with that UID.
    """
    has_stills = exists().where(col(StillRow.study_instance_uid) == VisitRow.study_instance_uid)
    elsewhere = (col(VisitRow.booth_id) != booth_id) & col(VisitRow.closed_at).is_(None)
    query = select(VisitRow.study_instance_uid).where(col(VisitRow.study_instance_uid).in_(studies))
    given = select(VisitRow.study_now).where(col(VisitRow.study_now).in_(studies))
    found = [*session.exec(query.where(has_stills | elsewhere)), *session.exec(given)] if studies else ()
    return {uid for uid in found if uid is not None}


def stills(session: Session, study_instance_uid: str) -> Sequence[StillRow]:
    """The stills of a visit, in the order they were shot."""
    query = (
        select(StillRow)
        .where(StillRow.study_instance_uid == study_instance_uid)
        .order_by(col(StillRow.series_number), col(StillRow.instance_number))
    )
    return session.exec(query).all()


def has_stills(session: Session, study_instance_uid: str) -> bool:
    """Whether a still of a visit has arrived."""
    query = select(StillRow.sop_instance_uid).where(StillRow.study_instance_uid == study_instance_uid)
    return session.exec(query.limit(1)).first() is not None


def is_being_corrected(session: Session, study_instance_uid: str) -> bool:
    """Whether a correction of a visit is under way."""
    query = select(CorrectionRow.id).where(
        CorrectionRow.study_instance_uid == study_instance_uid,
        col(CorrectionRow.state).in_(OPEN_CORRECTION),
    )
    return session.exec(query.limit(1)).first() is not None


def of_patient(session: Session, key: str, limit: int) -> Sequence[VisitRow]:
    """The newest visits of one person, newest first; none for the empty key."""
    if not key:
        return ()
    query = select(VisitRow).where(VisitRow.patient_key == key).order_by(col(VisitRow.opened_at).desc())
    return session.exec(query.limit(min(limit, MOST))).all()


def newest_of_booths(session: Session, *, with_stills: bool) -> Sequence[VisitRow]:
    """The newest visit of every booth; `with_stills`: the newest that a still has arrived of."""
    newest = select(VisitRow.booth_id, func.max(VisitRow.opened_at).label("at")).group_by(VisitRow.booth_id)
    if with_stills:
        newest = newest.where(exists().where(col(StillRow.study_instance_uid) == VisitRow.study_instance_uid))
    found = newest.subquery()
    query = select(VisitRow).join(
        found, (col(VisitRow.booth_id) == found.c.booth_id) & (col(VisitRow.opened_at) == found.c.at)
    )
    return session.exec(query).all()
