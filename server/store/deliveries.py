"""The outbox as the rest of the server sees it."""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select, update

from server.errors import Conflict, NotFound
from server.store import delivery, retention, routing
from server.store.delivery import AT_ONCE, DeliveryRow, DeliveryState, Noted
from server.store.executor import DatabaseThreads
from server.store.patients import search_words
from server.store.records import Instance, instance_of
from server.store.routing import Route
from server.store.tables import InstanceRow, StillRow, VisitRow

MOST = 500
"""Deliveries in one answer."""


@dataclass(frozen=True)
class Delivery:
    """One object on its way to one destination; times in seconds since 1970 UTC."""

    id: int
    destination: str
    instance: Instance
    state: DeliveryState
    attempts: int
    """Tries in the present state that did not get further."""
    not_before: float
    """When it is tried again; in the past: as soon as its turn comes."""
    reason: str
    next_step: str
    created_at: float
    stored_at: float | None
    committed_at: float | None


@dataclass(frozen=True)
class DeliverySearch:
    """Which deliveries are sought; empty: any."""

    study_instance_uid: str = ""
    """Of the visit; what was corrected in it goes under another one, and is found as well."""
    words: str = ""
    """Parts of the patient's name or ID, as in `VisitSearch`."""
    destination: str = ""
    state: DeliveryState | None = None
    before: int | None = None
    """Those with a lower number only."""


class Deliveries:
    """The table of deliveries; every method is one transaction. A worker is whoever carries parcels, by a unique name."""

    def __init__(self, threads: DatabaseThreads, routes: Sequence[Route] = ()) -> None:
        self._threads = threads
        self.routes = tuple(routes)
        """The destinations that new objects go to."""

    async def enqueue_backlog(self) -> int:
        """Let objects that came before their destination go there; the number of new deliveries."""
        return await self._threads.write(lambda s: routing.enqueue_backlog(s, self.routes, time.time()))

    async def claim(
        self,
        destination: str,
        state: DeliveryState,
        worker: str,
        *,
        lease_s: float,
        only_at_once: bool = False,
    ) -> list[Delivery]:
        """Everything due in `state` (WAITING or STORED) of the study that is first in line, in order; none: nothing is.

        It is this worker's for `lease_s` seconds. A study is due when none of it must wait any longer, or a person wants
        it now (`only_at_once`: only then), and nobody else is busy with it at this destination. What another worker left
        in `SENDING` is waiting again when its lease has run out.
        """
        states = (state, DeliveryState.SENDING) if state is DeliveryState.WAITING else (state,)
        now = time.time()
        due = await self._threads.read(
            lambda s: delivery.is_due(s, destination, states, now, only_at_once=only_at_once)
        )
        if not due:
            return []
        rows = await self._threads.write(
            lambda s: delivery.claim(s, destination, states, worker, now, lease_s, only_at_once=only_at_once)
        )
        return [_delivery_of(row, instance) for row, instance in rows]

    async def renew(self, worker: str, ids: Collection[int], *, lease_s: float) -> None:
        """Hold deliveries for longer."""
        await self._threads.write(lambda s: delivery.renew(s, worker, ids, time.time() + lease_s))

    async def note(self, worker: str, notes: Sequence[Noted]) -> None:
        """Remember what became of deliveries that this worker holds, and let go of them."""
        await self._threads.write(lambda s: delivery.note(s, worker, notes, time.time()))

    async def release(self, destination: str, worker: str) -> int:
        """Let go of all that a worker holds for a destination; how many these were."""
        return await self._threads.write(lambda s: delivery.release(s, destination, worker))

    async def counts(self) -> Mapping[str, Mapping[DeliveryState, int]]:
        """How many deliveries are in each state, by destination."""
        return await self._threads.read(delivery.counts)

    async def last_successes(self) -> Mapping[str, float]:
        """When each destination last took or proved to keep something, in seconds since 1970 UTC."""
        return await self._threads.read(delivery.last_successes)

    async def find(self, search: DeliverySearch, *, limit: int = 50) -> list[Delivery]:
        """The newest deliveries that fit, newest first; at most 500."""
        found = await self._threads.read(lambda s: _find(s, search, min(limit, MOST)))
        return [_delivery_of(row, instance) for row, instance in found]

    # What a person says

    async def retry(self, number: int) -> Delivery:
        """Try a delivery now. Raises `NotFound`, `Conflict` if it is kept there already."""
        return await self._change(number, _retry)

    async def park(self, number: int) -> Delivery:
        """Try a delivery no more. Raises `NotFound`, `Conflict` if it is kept there already or is being sent."""
        return await self._change(number, _park)

    async def retry_parked(self, destination: str) -> int:
        """Try every parked delivery of a destination now; how many these are."""
        parked = (col(DeliveryRow.destination) == destination) & (
            col(DeliveryRow.state) == DeliveryState.PARKED
        )
        again = {"state": DeliveryState.WAITING, "not_before": AT_ONCE, "attempts": 0, "next_step": ""}
        result = await self._threads.write(lambda s: s.exec(update(DeliveryRow).where(parked).values(again)))
        return int(result.rowcount)

    # Retention

    async def removable(self, before: float, *, limit: int = 200) -> list[Instance]:
        """Objects whose file may go: kept by all their destinations since before that time."""
        keepers = {one.name for one in self.routes if one.keeps}
        rows = await self._threads.read(lambda s: retention.removable(s, before, keepers, limit))
        return [instance_of(row) for row in rows]

    async def mark_released(self, sop_instance_uids: Collection[str]) -> None:
        """Remember that the files of objects are no longer here."""
        gone = select(InstanceRow).where(col(InstanceRow.sop_instance_uid).in_(sop_instance_uids))

        def mark(session: Session) -> None:
            # Row by row: the sidecars do not hear of what is changed in bulk.
            for row in session.exec(gone):
                row.released_at = time.time()

        await self._threads.write(mark)

    async def _change(self, number: int, change: Callable[[DeliveryRow], None]) -> Delivery:
        def work(session: Session) -> tuple[DeliveryRow, InstanceRow]:
            row = session.get(DeliveryRow, number, with_for_update=True)
            if row is None:
                raise NotFound("no such delivery")
            change(row)
            session.add(row)
            return row, session.get_one(InstanceRow, row.sop_instance_uid)

        return _delivery_of(*await self._threads.write(work))


def _retry(row: DeliveryRow) -> None:
    if row.state == DeliveryState.COMMITTED:
        raise Conflict("the destination keeps it already; there is nothing to send")
    if row.state == DeliveryState.PARKED:
        row.state, row.attempts, row.next_step = DeliveryState.WAITING, 0, ""
    row.not_before = AT_ONCE


def _park(row: DeliveryRow) -> None:
    if row.state == DeliveryState.COMMITTED:
        raise Conflict("the destination keeps it already; there is nothing to stop")
    if row.state == DeliveryState.SENDING:
        raise Conflict("it is being sent; try again in a moment")
    row.state, row.worker, row.lease_until = DeliveryState.PARKED, "", 0.0
    row.reason, row.next_step = "parked by hand", "retry it when it shall go there"


def _find(session: Session, search: DeliverySearch, limit: int) -> Sequence[tuple[DeliveryRow, InstanceRow]]:
    query = (
        select(DeliveryRow, InstanceRow)
        .join(InstanceRow, col(InstanceRow.sop_instance_uid) == col(DeliveryRow.sop_instance_uid))
        .join(StillRow, col(StillRow.sop_instance_uid) == col(InstanceRow.still_uid))
        .order_by(col(DeliveryRow.id).desc())
        .limit(limit)
    )
    if search.study_instance_uid:
        query = query.where(StillRow.study_instance_uid == search.study_instance_uid)
    if search.destination:
        query = query.where(DeliveryRow.destination == search.destination)
    if search.state is not None:
        query = query.where(DeliveryRow.state == search.state)
    if search.before is not None:
        query = query.where(col(DeliveryRow.id) < search.before)
    words = list(search_words(search.words))
    if words:
        query = query.join(VisitRow, col(VisitRow.study_instance_uid) == col(StillRow.study_instance_uid))
    for word in words:
        query = query.where(col(VisitRow.searched).contains(word, autoescape=True))
    return session.exec(query).all()


def _delivery_of(row: DeliveryRow, instance: InstanceRow) -> Delivery:
    assert row.id is not None
    return Delivery(
        id=row.id,
        destination=row.destination,
        instance=instance_of(instance),
        state=DeliveryState(row.state),
        attempts=row.attempts,
        not_before=row.not_before,
        reason=row.reason,
        next_step=row.next_step,
        created_at=row.created_at,
        stored_at=row.stored_at,
        committed_at=row.committed_at,
    )
