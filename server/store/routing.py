"""Which objects go to which destination."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, literal
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, insert, select

from server.config.destinations import KEEPERS, DestinationSection
from server.store.delivery import DeliveryRow, DeliveryState
from server.store.tables import InstanceRow, StillRow, VisitRow

_DAY_S = 86400.0


@dataclass(frozen=True)
class Route:
    """A destination, as far as the table needs to know it."""

    name: str
    kinds: frozenset[str]
    """Kinds of objects that go there."""
    backlog_s: float = 30 * _DAY_S
    """Visits up to this age are sent there although they are older than the destination."""
    keeps: bool = True
    """Whether it keeps the objects themselves."""


def routes_of(destinations: Iterable[DestinationSection]) -> list[Route]:
    """The routes to the destinations of the settings."""
    return [
        Route(
            one.name,
            frozenset(kind.value for kind in one.objects),
            one.backlog_days * _DAY_S,
            keeps=isinstance(one, KEEPERS),
        )
        for one in destinations
    ]


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


def _row(instance: InstanceRow, destination: str, now: float) -> DeliveryRow:
    return DeliveryRow(
        destination=destination,
        sop_instance_uid=instance.sop_instance_uid,
        study_instance_uid=instance.study_instance_uid,
        created_at=now,
    )
