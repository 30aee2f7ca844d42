"""Rows put into an empty database, all or none."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session, SQLModel, col, delete, select

from server.config.destinations import ObjectKind
from server.errors import Conflict
from server.rebuild.archived import ArchiveReader, Problem, StillRows, VisitRows
from server.store.database import migrate, open_engine
from server.store.delivery import DeliveryRow, DeliveryState
from server.store.routing import Route, enqueue
from server.store.tables import BoothRow, CorrectionRow, InstanceRow, MeasureRow, StillRow, VisitRow, WorkRow
from server.store.work import rows_for

_OF_A_STILL = (MeasureRow, WorkRow, StillRow)


@dataclass
class Rebuilt:
    """How much was put into the database."""

    visits: int = 0
    stills: int = 0
    instances: int = 0


def rebuild(
    url: str,
    reader: ArchiveReader,
    *,
    steps: Sequence[str],
    routes: Sequence[Route] = (),
    empty: bool = False,
    on_visit: Callable[[], None] = lambda: None,
) -> Rebuilt:
    """Fill the database at `url` with what the archive holds, in one transaction.

    Work that had not ended begins anew with `steps`. Every object counts as sent, but not as proved to be kept, to every
    destination of `routes`: the outbox asks there, and sends what is missing. `on_visit` hears of every folder.
    Raises `Conflict` if the database holds visits and is not to be replaced, `ConfigError`.
    """
    engine = open_engine(url)
    try:
        migrate(engine)
        with Session(engine) as session, session.begin():
            _make_room(session, empty=empty)
            session.add_all(reader.booths())
            filling = _Filling(session, reader, steps, routes)
            for visit in reader.visits():
                if visit is not None:
                    filling.add(visit)
                on_visit()
            return filling.done
    finally:
        engine.dispose()


def _make_room(session: Session, *, empty: bool) -> None:
    if not empty:
        if session.exec(select(VisitRow).limit(1)).first() is not None:
            raise Conflict("the database holds visits; with --replace those of the archive take their place")
        return
    for table in reversed(SQLModel.metadata.sorted_tables):
        session.execute(table.delete())


class _Filling:
    """Adds visits one after the other; none of them stays in memory."""

    def __init__(
        self, session: Session, reader: ArchiveReader, steps: Sequence[str], routes: Sequence[Route]
    ) -> None:
        self.done = Rebuilt()
        self._session = session
        self._problems = reader.problems
        self._steps = steps
        self._routes = routes
        self._written: dict[str, float] = {}
        self._objects: set[str] = set()

    def add(self, found: VisitRows) -> None:
        """Add a visit with its stills, objects, measures and work."""
        self._need_booth(found.visit)
        self._session.add(found.visit)
        self._session.flush()
        self.done.visits += 1
        for still in sorted(found.stills, key=lambda one: one.still.received_at):
            self._add_still(still)
        self._session.flush()
        self._session.add_all(one for one in found.corrections if self._has_its_still(one))
        self._session.add_all(found.signatures)
        self._session.flush()
        self._session.expunge_all()

    def _has_its_still(self, one: CorrectionRow) -> bool:
        if one.still_uid is None or one.still_uid in self._written:
            return True
        self._problems.append(
            Problem(f"{one.study_instance_uid}/visit.json", "a correction of a still that is not here")
        )
        return False

    def _add_still(self, found: StillRows) -> None:
        uid = found.still.sop_instance_uid
        if uid in self._written:
            if self._written[uid] >= found.written_at:
                return
            self._forget(uid)
        self._written[uid] = found.written_at
        self._session.add(found.still)
        self._session.flush()
        instances = [one for one in found.instances if self._is_first(one)]
        work = found.work
        if work is None:
            work = rows_for(uid, self._steps, found.still.received_at)
        self._session.add_all([*instances, *found.measures, *work])
        self._enqueue(instances)
        self.done.stills += 1
        self.done.instances += len(instances)

    def _forget(self, uid: str) -> None:
        """The same still lies with another visit as well, as it was earlier: it was moved."""
        held = self._session.exec(select(InstanceRow).where(InstanceRow.still_uid == uid)).all()
        uids = [one.sop_instance_uid for one in held]
        self._objects.difference_update(uids)
        self._session.exec(delete(DeliveryRow).where(col(DeliveryRow.sop_instance_uid).in_(uids)))
        self._session.exec(delete(InstanceRow).where(col(InstanceRow.still_uid) == uid))
        for table in _OF_A_STILL:
            self._session.exec(delete(table).where(col(table.sop_instance_uid) == uid))
        self.done.stills -= 1
        self.done.instances -= len(uids)

    def _is_first(self, one: InstanceRow) -> bool:
        if one.sop_instance_uid in self._objects:
            self._problems.append(Problem(one.path, "its UID is that of another object"))
            return False
        self._objects.add(one.sop_instance_uid)
        return True

    def _need_booth(self, visit: VisitRow) -> None:
        if self._session.get(BoothRow, visit.booth_id) is None:
            at = visit.opened_at
            self._session.add(BoothRow(booth_id=visit.booth_id, first_seen=at, last_seen=at))
            self._problems.append(Problem(f"booth-{visit.booth_id}.json", "missing; made from its visits"))

    def _enqueue(self, instances: Sequence[InstanceRow]) -> None:
        """What was withdrawn is asked after nowhere; what withdraws it, everywhere."""
        lying = [one for one in instances if one.released_at is None]
        notices = [one for one in lying if one.kind == ObjectKind.KEY_OBJECT]
        here = [one for one in lying if one.hidden_by is None or one in notices]
        if not self._routes or not here:
            return
        everywhere = [
            replace(route, kinds=frozenset({ObjectKind.KEY_OBJECT.value})) for route in self._routes
        ]
        enqueue(self._session, here, self._routes, time.time())
        enqueue(self._session, notices, everywhere, time.time())
        self._session.flush()
        uids = [one.sop_instance_uid for one in here]
        for row in self._session.exec(select(DeliveryRow).where(col(DeliveryRow.sop_instance_uid).in_(uids))):
            row.state, row.stored_at, row.begun_at = DeliveryState.STORED, row.created_at, row.created_at
