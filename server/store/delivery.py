"""The durable table of deliveries: one row per object and destination, claimed by study, found again after any crash."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, exists, func, literal, text, update
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, insert, select

from server.config.destinations import DestinationSection
from server.store.tables import (
    OPEN_CORRECTION,
    UNFINISHED,
    CorrectionRow,
    InstanceRow,
    StillRow,
    VisitRow,
    WorkRow,
)

MOST_IN_A_CLAIM = 200
"""Objects that go out in one association."""
STUBBORN = 5
"""After so many tries the objects of a still no longer hold up those of the other stills of the study."""
AT_ONCE = -1.0
"""`not_before` of what a person wants tried now."""
_DAY_S = 86400.0


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
class Route:
    """A destination, as far as the table needs to know it."""

    name: str
    kinds: frozenset[str]
    """Kinds of objects that go there."""
    backlog_s: float = 30 * _DAY_S
    """Visits up to this age are sent there although they are older than the destination."""


def routes_of(destinations: Iterable[DestinationSection]) -> list[Route]:
    """The routes to the destinations of the settings."""
    return [
        Route(one.name, frozenset(kind.value for kind in one.objects), one.backlog_days * _DAY_S)
        for one in destinations
    ]


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


def enqueue(session: Session, instances: Iterable[InstanceRow], routes: Sequence[Route], now: float) -> None:
    """Let objects that have rows go to every destination that takes their kind; once."""
    wanted = [(one, route.name) for one in instances for route in routes if one.kind in route.kinds]
    if not wanted:
        return
    session.flush()
    uids = {one.sop_instance_uid for one, _ in wanted}
    known = select(DeliveryRow.sop_instance_uid, DeliveryRow.destination).where(
        col(DeliveryRow.sop_instance_uid).in_(uids)
    )
    there = set(session.exec(known))
    session.add_all(_row(one, name, now) for one, name in wanted if (one.sop_instance_uid, name) not in there)


def enqueue_backlog(session: Session, routes: Sequence[Route], now: float) -> int:
    """Let objects that came before their destination go there as well; the number of new deliveries."""
    return sum(_enqueue_backlog(session, route, now) for route in routes)


def _enqueue_backlog(session: Session, route: Route, now: float) -> int:
    there = exists().where(
        col(DeliveryRow.sop_instance_uid) == col(InstanceRow.sop_instance_uid),
        col(DeliveryRow.destination) == route.name,
    )
    values = {
        "destination": literal(route.name),
        "sop_instance_uid": col(InstanceRow.sop_instance_uid),
        "study_instance_uid": col(InstanceRow.study_instance_uid),
        "state": literal(DeliveryState.WAITING.value),
        "attempts": literal(0),
        "not_before": literal(0.0),
        "worker": literal(""),
        "lease_until": literal(0.0),
        "reason": literal(""),
        "next_step": literal(""),
        "created_at": literal(now),
    }
    # What others refer to comes first: a photo is older than what is made from it.
    source = (
        select_columns(*values.values())
        .join(StillRow, col(StillRow.sop_instance_uid) == col(InstanceRow.still_uid))
        .join(VisitRow, col(VisitRow.study_instance_uid) == col(StillRow.study_instance_uid))
        .where(col(VisitRow.opened_at) >= now - route.backlog_s, col(InstanceRow.kind).in_(route.kinds))
        .where(col(InstanceRow.released_at).is_(None), col(InstanceRow.hidden_by).is_(None), ~there)
        .order_by(col(InstanceRow.created_at), col(InstanceRow.sop_instance_uid))
    )
    new = insert(DeliveryRow).from_select(list(values), source).returning(col(DeliveryRow.id))
    return len(session.execute(new).all())


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
    query = (
        select(DeliveryRow, InstanceRow)
        .join(InstanceRow, col(InstanceRow.sop_instance_uid) == col(DeliveryRow.sop_instance_uid))
        .where(DeliveryRow.destination == destination, DeliveryRow.study_instance_uid == study)
        .where(col(DeliveryRow.state).in_(states))
        .order_by(col(DeliveryRow.id))
    )
    found = session.exec(query).all()
    stubborn = {instance.still_uid for row, instance in found if row.attempts >= STUBBORN}
    taken = sorted(found, key=lambda one: one[1].still_uid in stubborn)[:MOST_IN_A_CLAIM]
    for row, _ in taken:
        row.worker, row.lease_until = worker, now + lease_s
        if row.state == DeliveryState.WAITING:
            row.state, row.begun_at = DeliveryState.SENDING, row.begun_at or now
        session.add(row)
    return taken


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
    row.state, row.not_before = noted.state, noted.not_before
    row.reason, row.next_step = noted.reason[:512], noted.next_step[:512]
    row.worker, row.lease_until = "", 0.0


def release(session: Session, destination: str, worker: str) -> int:
    """Let go of everything that `worker` holds for a destination: what was being sent is sent again."""
    held = (col(DeliveryRow.destination) == destination) & (col(DeliveryRow.worker) == worker)
    sending = held & (col(DeliveryRow.state) == DeliveryState.SENDING)
    session.exec(update(DeliveryRow).where(sending).values(state=DeliveryState.WAITING))
    result = session.exec(update(DeliveryRow).where(held).values(worker="", lease_until=0.0))
    return int(result.rowcount)


def removable(session: Session, before: float, limit: int) -> Sequence[InstanceRow]:
    """Objects whose file may go: kept by every destination that they were for, the last of them earlier than `before`.

    Not while their visit is open or is still worked on or corrected: what is made later is made from the photos.
    """
    of_instance = col(DeliveryRow.sop_instance_uid) == col(InstanceRow.sop_instance_uid)
    on_its_way = exists().where(of_instance, col(DeliveryRow.state) != DeliveryState.COMMITTED)
    lately = exists().where(of_instance, col(DeliveryRow.committed_at) >= before)
    other, visit = aliased(StillRow), col(VisitRow.study_instance_uid)
    worked_on = exists().where(
        col(WorkRow.sop_instance_uid) == col(other.sop_instance_uid),
        col(other.study_instance_uid) == visit,
        col(WorkRow.state).in_(UNFINISHED),
    )
    corrected = exists().where(
        col(CorrectionRow.study_instance_uid) == visit, col(CorrectionRow.state).in_(OPEN_CORRECTION)
    )
    query = (
        select(InstanceRow)
        .join(StillRow, col(StillRow.sop_instance_uid) == col(InstanceRow.still_uid))
        .join(VisitRow, visit == col(StillRow.study_instance_uid))
        .where(col(VisitRow.closed_at).is_not(None), col(InstanceRow.released_at).is_(None))
        .where(exists().where(of_instance), ~on_its_way, ~lately, ~worked_on, ~corrected)
        .order_by(col(InstanceRow.created_at))
        .limit(limit)
    )
    return session.exec(query).all()


def counts(session: Session) -> Mapping[str, Mapping[DeliveryState, int]]:
    """How many deliveries are in each state, by destination."""
    query = select_columns(
        col(DeliveryRow.destination), col(DeliveryRow.state), func.count(col(DeliveryRow.id))
    ).group_by(col(DeliveryRow.destination), col(DeliveryRow.state))
    found: dict[str, dict[DeliveryState, int]] = {}
    for destination, state, number in session.execute(query):
        found.setdefault(destination, {})[DeliveryState(state)] = number
    return found


def _row(instance: InstanceRow, destination: str, now: float) -> DeliveryRow:
    return DeliveryRow(
        destination=destination,
        sop_instance_uid=instance.sop_instance_uid,
        study_instance_uid=instance.study_instance_uid,
        created_at=now,
    )
