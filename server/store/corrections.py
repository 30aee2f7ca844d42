"""Corrections as the rest of the server sees them."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import msgspec
from sqlmodel import Session, col, select

from server.config.destinations import ObjectKind
from server.errors import NotFound
from server.store import correction, correction_requests
from server.store.correction import Cause, Whose
from server.store.correction_requests import Unwanted, Wanted
from server.store.executor import DatabaseThreads
from server.store.records import Instance, instance_of
from server.store.routing import Route
from server.store.tables import CorrectionKind, CorrectionRow, CorrectionState, InstanceRow, StillRow
from station.protocol import FrameHeader, View

MOST = 200
"""Corrections in one answer."""


@dataclass(frozen=True)
class Correction:
    """One correction of one visit; times in seconds since 1970 UTC."""

    id: str
    kind: CorrectionKind
    study_instance_uid: str
    """The visit."""
    still_uid: str | None
    """What is rejected; None: all of the visit is corrected."""
    requested_by: str
    requested_at: float
    cause: Cause
    reason: str
    before: Whose
    after: Whose
    study_before: str
    """Study Instance UID of what is withdrawn."""
    study_after: str
    """Study Instance UID of what comes in its place."""
    state: CorrectionState
    attempts: int
    """Earlier tries that failed."""
    error: str
    """Why it waits, or was given up."""
    ended_at: float | None
    worker: str = ""


class Corrections:
    """The table of corrections; every method is one transaction. A worker has a unique name."""

    def __init__(self, threads: DatabaseThreads, routes: Sequence[Route] = ()) -> None:
        self._threads = threads
        self._routes = tuple(routes)

    async def ask(self, wanted: Wanted) -> list[Correction]:
        """Enter a correction of every visit that it concerns, all or none.

        Raises `NotFound`, `Conflict` if the visit changed since it was seen, is being corrected, or cannot be corrected so.
        """
        rows = await self._threads.write(lambda s: correction_requests.ask(s, wanted))
        return [_correction_of(row) for row in rows]

    async def reject(self, unwanted: Unwanted) -> Correction:
        """Enter the rejection of a still. Raises `NotFound`, `Conflict`."""
        return _correction_of(await self._threads.write(lambda s: correction_requests.reject(s, unwanted)))

    async def get(self, uid: str) -> Correction:
        """One correction; raises `NotFound`."""
        row = await self._threads.read(lambda s: s.get(CorrectionRow, uid))
        if row is None:
            raise NotFound("no such correction")
        return _correction_of(row)

    async def withdrawing(self, study_instance_uid: str) -> Correction | None:
        """The correction that withdrew a study as a whole; None: its objects stand."""
        query = select(CorrectionRow).where(
            CorrectionRow.study_before == study_instance_uid,
            CorrectionRow.kind != CorrectionKind.REJECT,
            CorrectionRow.state == CorrectionState.DONE,
        )
        row = await self._threads.read(lambda s: s.exec(query.limit(1)).first())
        return None if row is None else _correction_of(row)

    async def told_by(self, sop_instance_uid: str) -> Correction | None:
        """The correction that a key object tells of; None: it tells of none."""

        def find(session: Session) -> CorrectionRow | None:
            notice = session.get(InstanceRow, sop_instance_uid)
            if notice is None or notice.kind != ObjectKind.KEY_OBJECT:
                return None
            return session.get(CorrectionRow, notice.hidden_by)

        row = await self._threads.read(find)
        return None if row is None else _correction_of(row)

    async def withdrawn(self, uid: str) -> list[Instance]:
        """What a correction that is done has withdrawn, oldest first."""
        query = (
            select(InstanceRow)
            .where(InstanceRow.hidden_by == uid, InstanceRow.kind != ObjectKind.KEY_OBJECT)
            .order_by(col(InstanceRow.created_at), col(InstanceRow.sop_instance_uid))
        )
        rows = await self._threads.read(lambda s: s.exec(query).all())
        return [instance_of(row) for row in rows]

    async def find(
        self, study_instance_uid: str = "", *, before: float | None = None, limit: int = 50
    ) -> list[Correction]:
        """The newest corrections, of one visit or of all, asked for earlier than `before`; newest first, at most 200."""
        query = select(CorrectionRow).order_by(
            col(CorrectionRow.requested_at).desc(), col(CorrectionRow.id).desc()
        )
        if study_instance_uid:
            query = query.where(CorrectionRow.study_instance_uid == study_instance_uid)
        if before is not None:
            query = query.where(col(CorrectionRow.requested_at) < before)
        rows = await self._threads.read(lambda s: s.exec(query.limit(min(limit, MOST))).all())
        return [_correction_of(row) for row in rows]

    # Doing them

    async def claim(self, worker: str, *, lease_s: float) -> Correction | None:
        """The correction that is first in line, this worker's for `lease_s` seconds; None: none is due."""
        now = time.time()
        if not await self._threads.read(lambda s: correction.is_due(s, now)):
            return None
        row = await self._threads.write(lambda s: correction.claim(s, worker, now, lease_s))
        return None if row is None else _correction_of(row)

    async def release(self, worker: str) -> int:
        """Make what this worker held due again; how many these were."""
        return await self._threads.write(lambda s: correction.release(s, worker))

    async def waits_for(self, uid: str) -> str:
        """What a correction has to wait for, in words; empty: nothing."""
        now = time.time()
        return await self._threads.read(lambda s: correction.waits_for(s, s.get_one(CorrectionRow, uid), now))

    async def objects(self, uid: str) -> list[Instance]:
        """What a correction withdraws, photos before what was made of them."""
        rows = await self._threads.read(lambda s: correction.objects(s, s.get_one(CorrectionRow, uid)))
        return [instance_of(row) for row in rows]

    async def views(self, study_instance_uid: str) -> dict[str, View]:
        """The view of every still of a visit."""
        query = select(StillRow.sop_instance_uid, StillRow.header).where(
            StillRow.study_instance_uid == study_instance_uid
        )
        rows = await self._threads.read(lambda s: s.exec(query).all())
        return {uid: msgspec.json.decode(header, type=FrameHeader).view for uid, header in rows}

    async def finish(
        self,
        done: Correction,
        *,
        withdrawn: Collection[str],
        copies: Sequence[Instance],
        notice: Instance | None,
    ) -> bool:
        """Put `copies` in the place of `withdrawn`, and change visit or still, in one commit.

        `notice` is the key object that withdraws them: it goes wherever they may have gone. False: something came in
        between, and nothing was changed; begin anew.
        """

        def work(session: Session) -> bool:
            return correction.finish(
                session, done.id, done.worker, copies, withdrawn, notice, self._routes, time.time()
            )

        return await self._threads.write(work)

    async def postpone(
        self, one: Correction, *, delay_s: float, error: str = "", failed: bool = False
    ) -> None:
        """Let a correction wait; with `failed` the try counts."""
        until = time.time() + delay_s
        await self._threads.write(lambda s: correction.postpone(s, one.id, one.worker, until, error, failed))

    async def give_up(self, one: Correction, error: str) -> None:
        """End a correction without any change."""
        await self._threads.write(lambda s: correction.give_up(s, one.id, one.worker, error, time.time()))


def _correction_of(row: CorrectionRow) -> Correction:
    return Correction(
        id=row.id,
        kind=CorrectionKind(row.kind),
        study_instance_uid=row.study_instance_uid,
        still_uid=row.still_uid,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        cause=Cause(row.cause),
        reason=row.reason,
        before=msgspec.json.decode(row.before, type=Whose),
        after=msgspec.json.decode(row.after, type=Whose),
        study_before=row.study_before,
        study_after=row.study_after,
        state=CorrectionState(row.state),
        attempts=row.attempts,
        error=row.error,
        ended_at=row.ended_at,
        worker=row.worker,
    )
