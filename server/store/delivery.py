"""The durable table of deliveries: one row per object and destination, claimed by study, found again after any crash."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, func, text, update
from sqlalchemy import select as select_columns
from sqlmodel import Field, Session, SQLModel, col, select

from server.store.tables import (
    OPEN_CORRECTION,
    CorrectionRow,
    InstanceRow,
)

MOST_IN_A_CLAIM = 200
"""Objects that go out in one association."""
STUBBORN = 5
"""After so many tries the objects of a still no longer hold up those of the other stills of the study."""
AT_ONCE = -1.0
"""`not_before` of what a person wants tried now."""


class DeliveryState(StrEnum):
    """Where an object stands on its way to one destination."""

    WAITING = "waiting"
    SENDING = "sending"
    STORED = "stored"
    """Taken; whether it is kept is still to be proved."""
    COMMITTED = "committed"
    """Proved to be kept there."""
    PARKED = "parked"
    """Refused for good: a person must look."""


class DeliveryRow(SQLModel, table=True):
    """One object on its way to one destination."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("sop_instance_uid", "destination"),
        Index("delivery_to_do", "destination", "state", "study_instance_uid"),
    )

    id: int | None = Field(default=None, primary_key=True)
    destination: str = Field(max_length=32)
    sop_instance_uid: str = Field(foreign_key="instance.sop_instance_uid", max_length=64)
    study_instance_uid: str = Field(max_length=64, index=True)
    state: str = Field(default=DeliveryState.WAITING, max_length=16)
    attempts: int = 0
    """Tries in the present state that did not get further."""
    not_before: float = 0.0
    worker: str = Field(default="", max_length=96)
    lease_until: float = 0.0
    reason: str = Field(default="", max_length=512)
    next_step: str = Field(default="", max_length=512)
    created_at: float
    begun_at: float | None = None
    """When it was first taken to be sent; from then on the destination may have it."""
    stored_at: float | None = None
    committed_at: float | None = None


@dataclass(frozen=True)
class Noted:
    """What is to be remembered of one delivery."""

    id: int
    state: DeliveryState
    not_before: float = 0.0
    reason: str = ""
    next_step: str = ""
    failed: bool = False
    """Counts as a try."""


def claim(
    session: Session,
    destination: str,
    states: Collection[DeliveryState],
    worker: str,
    now: float,
    lease_s: float,
    *,
    only_at_once: bool = False,
) -> Sequence[tuple[DeliveryRow, InstanceRow]]:
    """Take what is due in one of these states of the study that is first in line, for `lease_s`; in its order.

    A study is due when none of it has to wait any longer, or a person wants it now (`only_at_once`: then alone), nobody
    is busy with it at this destination, and no correction of it is under way. What was taken in `WAITING` is `SENDING`
    from now on.
    """
    _one_claim_at_a_time(session, destination)
    study = _due_study(session, destination, states, now, only_at_once)
    if study is None:
        return ()
    taken = _in_line(session, destination, states, study)
    for row, _ in taken:
        row.worker, row.lease_until = worker, now + lease_s
        row.not_before = max(row.not_before, 0.0)  # a wish from now on is for another try
        if row.state == DeliveryState.WAITING:
            row.state, row.begun_at = DeliveryState.SENDING, row.begun_at or now
        session.add(row)
    return taken


def _in_line(
    session: Session, destination: str, states: Collection[DeliveryState], study: str
) -> Sequence[tuple[DeliveryRow, InstanceRow]]:
    """What a claim takes of a study, in its order; the objects of stubborn stills come last."""
    query = (
        select(DeliveryRow, InstanceRow)
        .join(InstanceRow, col(InstanceRow.sop_instance_uid) == col(DeliveryRow.sop_instance_uid))
        .where(DeliveryRow.destination == destination, DeliveryRow.study_instance_uid == study)
        .where(col(DeliveryRow.state).in_(states))
        .order_by(col(DeliveryRow.id))
    )
    found = session.exec(query).all()
    stubborn = {instance.still_uid for row, instance in found if row.attempts >= STUBBORN}
    return sorted(found, key=lambda one: one[1].still_uid in stubborn)[:MOST_IN_A_CLAIM]


def is_due(
    session: Session,
    destination: str,
    states: Collection[DeliveryState],
    now: float,
    *,
    only_at_once: bool = False,
) -> bool:
    """Whether `claim` would find something; writes nothing."""
    return _due_study(session, destination, states, now, only_at_once) is not None


def _due_study(
    session: Session, destination: str, states: Collection[DeliveryState], now: float, only_at_once: bool
) -> str | None:
    mine, study = col(DeliveryRow.destination) == destination, col(DeliveryRow.study_instance_uid)
    busy = select(DeliveryRow.study_instance_uid).where(mine, col(DeliveryRow.lease_until) > now)
    held = select(CorrectionRow.study_before).where(col(CorrectionRow.state).in_(OPEN_CORRECTION))
    soonest, latest = func.min(DeliveryRow.not_before), func.max(DeliveryRow.not_before)
    query = (
        select(DeliveryRow.study_instance_uid)
        .where(mine, col(DeliveryRow.state).in_(states), study.not_in(busy), study.not_in(held))
        .group_by(study)
        .having(soonest < 0 if only_at_once else (soonest < 0) | (latest <= now))
        .order_by(soonest >= 0, func.min(DeliveryRow.id))
        .limit(1)
    )
    return session.exec(query).first()


def _one_claim_at_a_time(session: Session, destination: str) -> None:
    """So that no two processes begin with the same study; SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtext('delivery'), hashtext(:name))")
        session.execute(lock, {"name": destination})


def renew(session: Session, worker: str, ids: Collection[int], lease_until: float) -> None:
    """Hold deliveries for longer."""
    held = col(DeliveryRow.id).in_(ids) & (col(DeliveryRow.worker) == worker)
    session.exec(update(DeliveryRow).where(held).values(lease_until=lease_until))


def note(session: Session, worker: str, notes: Sequence[Noted], now: float) -> None:
    """Remember what became of deliveries, and let go of them; those that are no longer this worker's stay as they are."""
    by_id = {one.id: one for one in notes}
    held = select(DeliveryRow).where(col(DeliveryRow.id).in_(by_id), DeliveryRow.worker == worker)
    for row in session.exec(held).all():
        assert row.id is not None
        _note(row, by_id[row.id], now)
        session.add(row)


def _note(row: DeliveryRow, noted: Noted, now: float) -> None:
    further = noted.state in (DeliveryState.STORED, DeliveryState.COMMITTED) and row.state != noted.state
    row.attempts = 0 if further else row.attempts + int(noted.failed)
    if noted.state in (DeliveryState.STORED, DeliveryState.COMMITTED):
        row.stored_at = row.stored_at or now
    if noted.state is DeliveryState.COMMITTED:
        row.committed_at = now
    if noted.state is DeliveryState.WAITING:
        row.stored_at = None
    wished = noted.failed and row.not_before == AT_ONCE
    row.state, row.not_before = noted.state, AT_ONCE if wished else noted.not_before
    row.reason, row.next_step = noted.reason[:512], noted.next_step[:512]
    row.worker, row.lease_until = "", 0.0


def release(session: Session, destination: str, worker: str) -> int:
    """Let go of everything that `worker` holds for a destination: what was being sent is sent again."""
    held = (col(DeliveryRow.destination) == destination) & (col(DeliveryRow.worker) == worker)
    sending = held & (col(DeliveryRow.state) == DeliveryState.SENDING)
    session.exec(update(DeliveryRow).where(sending).values(state=DeliveryState.WAITING))
    result = session.exec(update(DeliveryRow).where(held).values(worker="", lease_until=0.0))
    return int(result.rowcount)


def counts(session: Session) -> Mapping[str, Mapping[DeliveryState, int]]:
    """How many deliveries are in each state, by destination."""
    query = select_columns(
        col(DeliveryRow.destination), col(DeliveryRow.state), func.count(col(DeliveryRow.id))
    ).group_by(col(DeliveryRow.destination), col(DeliveryRow.state))
    found: dict[str, dict[DeliveryState, int]] = {}
    for destination, state, number in session.execute(query):
        found.setdefault(destination, {})[DeliveryState(state)] = number
    return found


def last_successes(session: Session) -> Mapping[str, float]:
    """When each destination last took or proved to keep something, in seconds since 1970 UTC."""
    row = DeliveryRow
    at = func.max(func.coalesce(col(row.committed_at), col(row.stored_at)))
    query = select_columns(col(row.destination), at).group_by(col(row.destination)).having(at.is_not(None))
    return {destination: float(last) for destination, last in session.execute(query)}
