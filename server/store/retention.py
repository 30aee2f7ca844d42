"""Which files may go because every destination keeps them."""

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from server.store.delivery import DeliveryRow, DeliveryState
from server.store.tables import (
    OPEN_CORRECTION,
    UNFINISHED,
    CorrectionRow,
    InstanceRow,
    StillRow,
    VisitRow,
    WorkRow,
)

Conditions = tuple[ColumnElement[bool], ...]


def removable(session: Session, before: float, keepers: Collection[str], limit: int) -> Sequence[InstanceRow]:
    """Objects whose file may go: kept by every destination that they were for, the last of them earlier than `before`.

    One of these must be among `keepers`, which keep the objects themselves. Not while their visit is open or is still
    worked on or corrected: what is made later is made from the photos.
    """
    query = (
        select(InstanceRow)
        .join(StillRow, col(StillRow.sop_instance_uid) == col(InstanceRow.still_uid))
        .join(VisitRow, col(VisitRow.study_instance_uid) == col(StillRow.study_instance_uid))
        .where(col(VisitRow.closed_at).is_not(None), col(InstanceRow.released_at).is_(None))
        .where(*_kept(before, keepers), *_at_rest())
        .order_by(col(InstanceRow.created_at))
        .limit(limit)
    )
    return session.exec(query).all()


def _kept(before: float, keepers: Collection[str]) -> Conditions:
    """Every destination has proved that it keeps the object, one of `keepers` among them, and none lately."""
    of_instance = col(DeliveryRow.sop_instance_uid) == col(InstanceRow.sop_instance_uid)
    on_its_way = exists().where(of_instance, col(DeliveryRow.state) != DeliveryState.COMMITTED)
    lately = exists().where(of_instance, col(DeliveryRow.committed_at) >= before)
    kept = exists().where(of_instance, col(DeliveryRow.destination).in_(keepers))
    return kept, ~on_its_way, ~lately


def _at_rest() -> Conditions:
    """No step of the visit is to be done, and no correction of it is under way."""
    other, visit = aliased(StillRow), col(VisitRow.study_instance_uid)
    worked_on = exists().where(
        col(WorkRow.sop_instance_uid) == col(other.sop_instance_uid),
        col(other.study_instance_uid) == visit,
        col(WorkRow.state).in_(UNFINISHED),
    )
    corrected = exists().where(
        col(CorrectionRow.study_instance_uid) == visit, col(CorrectionRow.state).in_(OPEN_CORRECTION)
    )
    return ~worked_on, ~corrected
