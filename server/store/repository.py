"""What the server remembers: booths, visits, stills, their results and DICOM objects."""

import time
from collections.abc import Collection, Sequence
from typing import Self

from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col, delete, select

from server.errors import NotFound, StoreUnavailable
from server.store import arriving, finding, records, work
from server.store.archive import Archive
from server.store.corrections import Corrections
from server.store.database import migrate, open_engine
from server.store.deliveries import Deliveries
from server.store.executor import DatabaseThreads
from server.store.finding import EVERY, VisitSearch
from server.store.headers import Headers
from server.store.patients import patient_key
from server.store.records import Booth, Instance, StepResult, Still, Visit, WorkItem, WorkStatus
from server.store.routing import Route, enqueue
from server.store.sidecars import Sidecars
from server.store.signatures import Signatures
from server.store.tables import BoothRow, InstanceRow, MeasureRow, StillRow
from station.protocol import Measure, Patient, StillOffer, VisitClosed, VisitOpened


class Store:
    """The database; every method is one transaction on a thread of its own."""

    def __init__(self, threads: DatabaseThreads, steps: Sequence[str], routes: Sequence[Route] = ()) -> None:
        self._threads = threads
        self._steps = tuple(steps)
        self.deliveries = Deliveries(threads, routes)
        """What goes to which destination."""
        self.corrections = Corrections(threads, routes)
        """What was wrong, and is put right."""
        self.signatures = Signatures(threads, routes)
        """What a person has signed."""
        self.headers = Headers(threads)
        """What the headers of the DICOM objects say."""

    @classmethod
    def open(
        cls,
        url: str,
        *,
        steps: Sequence[str] = (),
        routes: Sequence[Route] = (),
        archive: Archive | None = None,
    ) -> Self:
        """The store at a database URL, its schema brought up to date.

        `steps` names what is to be done with every new still, in order; a process that takes no stills may leave it out.
        `routes` are the destinations that new objects go to. Into `archive` goes a copy of what is written about visits
        and stills, from which `dermabooth rebuild` makes the database again.
        Raises `ConfigError` for a URL of no known kind, `StoreUnavailable` if the database does not answer.
        """
        engine = open_engine(url)
        try:
            migrate(engine)
        except OperationalError as error:
            engine.dispose()
            reason = str(error.orig).splitlines()[0]
            raise StoreUnavailable(f"the database does not answer: {reason}") from error
        sidecars = None if archive is None else Sidecars(archive)
        return cls(DatabaseThreads(engine, sidecars=sidecars), steps, routes)

    async def close(self) -> None:
        """Wait for running calls and close the connections."""
        self._threads.close()

    async def complete_sidecars(self) -> int:
        """Write what the archive lacks of copies of the rows, as after an update from a version without; how many."""
        return await self._threads.write_sidecars()

    # Booths and visits

    async def note_booth(self, booth_id: str, software: str, at: float) -> None:
        """Remember that a booth is there."""
        await self._threads.write(lambda s: arriving.note_booth(s, booth_id, software, at))

    async def booths(self) -> list[Booth]:
        """Every booth that ever said hello, by name."""
        rows = await self._threads.read(lambda s: s.exec(select(BoothRow).order_by(BoothRow.booth_id)).all())
        return [records.booth_of(row) for row in rows]

    async def open_visit(self, booth_id: str, message: VisitOpened) -> None:
        """Remember a visit; again is harmless. Raises `Conflict` if another booth owns the UID.

        A visit that was given up before its first still may begin anew, at any booth.
        """
        await self._threads.write(lambda s: arriving.open_visit(s, booth_id, message))

    async def close_visit(self, booth_id: str, message: VisitClosed) -> None:
        """Remember that a visit ended; again is harmless. Raises `NotFound` or `Conflict`."""
        await self._threads.write(lambda s: arriving.close_visit(s, booth_id, message))

    async def visit(self, study_instance_uid: str) -> Visit:
        """The visit with this Study Instance UID, its own or the one that its objects have now; raises `NotFound`."""
        return records.visit_of(await self._threads.read(lambda s: finding.visit(s, study_instance_uid)))

    async def visits(self, *, limit: int = 50, search: VisitSearch = EVERY) -> list[Visit]:
        """The newest visits that were searched for, newest first; at most 500."""
        rows = await self._threads.read(lambda s: finding.visits(s, search, limit))
        return [records.visit_of(row) for row in rows]

    async def begun_visits(self, studies: Collection[str], booth_id: str) -> set[str]:
        """Those of these Study Instance UIDs, at most 1000, under which a booth may not begin a visit."""
        return await self._threads.read(lambda s: finding.begun(s, studies, booth_id))

    async def visits_of(self, patient: Patient, *, limit: int = 50) -> list[Visit]:
        """The newest visits of one person, newest first; none for a patient without an ID."""
        rows = await self._threads.read(lambda s: finding.of_patient(s, patient_key(patient), limit))
        return [records.visit_of(row) for row in rows]

    async def last_visits(self, *, with_stills: bool = False) -> dict[str, Visit]:
        """The newest visit of every booth, by booth id; `with_stills`: the newest that a still has arrived of."""
        rows = await self._threads.read(lambda s: finding.newest_of_booths(s, with_stills=with_stills))
        return {row.booth_id: records.visit_of(row) for row in rows}

    # Stills

    async def add_still(self, booth_id: str, offer: StillOffer, blob: str, received_at: float) -> bool:
        """Remember a still whose bytes are durable at `blob`, and its work, in one commit.

        False: the same still was there. Raises `Conflict` if its UID is taken by other bytes, `NotFound` if its visit
        was never opened.
        """
        return await self._threads.write(
            lambda s: arriving.add_still(s, booth_id, offer, blob, received_at, self._steps)
        )

    async def find_still(self, sop_instance_uid: str) -> Still | None:
        """One still, or None."""
        row = await self._threads.read(lambda s: s.get(StillRow, sop_instance_uid))
        return None if row is None else records.still_of(row)

    async def still(self, sop_instance_uid: str) -> Still:
        """One still; raises `NotFound`."""
        still = await self.find_still(sop_instance_uid)
        if still is None:
            raise NotFound("no such still")
        return still

    async def stills(self, study_instance_uid: str) -> list[Still]:
        """The stills of a visit, in the order they were shot."""
        rows = await self._threads.read(lambda s: finding.stills(s, study_instance_uid))
        return [records.still_of(row) for row in rows]

    async def instances(self, study_instance_uid: str) -> list[Instance]:
        """The DICOM objects of a visit that were not withdrawn, oldest first; none for an unknown visit."""
        query = (
            select(InstanceRow)
            .join(StillRow, col(StillRow.sop_instance_uid) == col(InstanceRow.still_uid))
            .where(StillRow.study_instance_uid == study_instance_uid, col(InstanceRow.hidden_by).is_(None))
            .order_by(col(InstanceRow.created_at), col(InstanceRow.sop_instance_uid))
        )
        rows = await self._threads.read(lambda s: s.exec(query).all())
        return [records.instance_of(row) for row in rows]

    async def measures(self, sop_instance_uid: str) -> list[Measure]:
        """The measures of a still."""
        query = (
            select(MeasureRow)
            .where(MeasureRow.sop_instance_uid == sop_instance_uid)
            .order_by(col(MeasureRow.id))
        )
        rows = await self._threads.read(lambda s: s.exec(query).all())
        return [records.measure_of(row) for row in rows]

    # Work

    async def claim(
        self,
        worker: str,
        *,
        lease_s: float,
        steps: Collection[str] | None = None,
        first: Collection[str] = (),
    ) -> WorkItem | None:
        """The next step to do, now this worker's for `lease_s` seconds; None: nothing is due.

        Only one of `steps`, if these are given, and one in `first` before any other.
        """
        return await self._threads.write(lambda s: work.claim(s, worker, time.time(), lease_s, steps, first))

    async def finish(self, item: WorkItem, result: StepResult) -> None:
        """Keep what a step found and make the next step due, in one commit."""

        def keep(session: Session) -> None:
            _keep_result(session, item.sop_instance_uid, result, self.deliveries.routes)
            work.finish(session, item)

        await self._threads.write(keep)

    async def postpone(
        self, item: WorkItem, *, delay_s: float, error: str = "", failed: bool = False
    ) -> None:
        """Let a step wait; with `failed` the try counts as an attempt."""
        await self._threads.write(lambda s: work.postpone(s, item, time.time() + delay_s, error, failed))

    async def give_up(self, item: WorkItem, error: str, *, with_it: Collection[str] = ()) -> None:
        """Mark a step as failed for good, and the steps `with_it` that need its result; the others go on."""
        await self._threads.write(lambda s: work.give_up(s, item, error, with_it))

    async def release_work(self, worker: str) -> int:
        """Make every step that this worker held due again; the number of them."""
        return await self._threads.write(lambda s: work.release(s, worker, time.time()))

    async def work(self, study_instance_uid: str) -> list[WorkStatus]:
        """Every step of every still of a visit."""
        rows = await self._threads.read(lambda s: work.of_study(s, study_instance_uid))
        return [records.status_of(row) for row in rows]


def _keep_result(
    session: Session, sop_instance_uid: str, result: StepResult, routes: Sequence[Route]
) -> None:
    still = session.get_one(StillRow, sop_instance_uid)
    if result.quality is not None:
        still.quality = records.to_json(result.quality)
    if result.face_sought:
        still.face = "" if result.face is None else records.to_json(result.face)
    if result.blob_released:
        still.blob = None
    if result.measures is not None:
        session.exec(delete(MeasureRow).where(col(MeasureRow.sop_instance_uid) == sop_instance_uid))
        session.add_all(records.measure_row(sop_instance_uid, measure) for measure in result.measures)
    rows = [session.merge(records.instance_row(instance)) for instance in result.instances]
    enqueue(session, rows, routes, time.time())
    session.add(still)
