"""The durable work table: steps are claimed, done, and found again after any crash."""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import case
from sqlmodel import Session, col, select, update

from server.store.records import WorkItem
from server.store.tables import StillRow, WorkRow, WorkState


def rows_for(sop_instance_uid: str, steps: Iterable[str], due_at: float) -> list[WorkRow]:
    """The work of a new still: the first step is due at `due_at`, the others are blocked by it."""
    return [
        WorkRow(
            sop_instance_uid=sop_instance_uid,
            step=step,
            position=position,
            not_before=due_at,
            state=WorkState.READY if position == 0 else WorkState.BLOCKED,
        )
        for position, step in enumerate(steps)
    ]


def claim(
    session: Session,
    worker: str,
    now: float,
    lease_s: float,
    steps: Collection[str] | None = None,
    first: Collection[str] = (),
) -> WorkItem | None:
    """Take the next due step among `steps` (None: any): those in `first`, then the oldest still's.

    A step whose lease ran out is due again.
    """
    due = (col(WorkRow.state) == WorkState.READY) & (col(WorkRow.not_before) <= now)
    abandoned = (col(WorkRow.state) == WorkState.RUNNING) & (col(WorkRow.lease_until) <= now)
    wanted = due | abandoned if steps is None else (due | abandoned) & col(WorkRow.step).in_(steps)
    rank = case((col(WorkRow.step).in_(first), 0), else_=1)
    query = (
        select(WorkRow)
        .where(wanted)
        .order_by(rank, col(WorkRow.not_before), col(WorkRow.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = session.exec(query).first()
    if row is None:
        return None
    row.state, row.worker, row.lease_until = WorkState.RUNNING, worker, now + lease_s
    session.add(row)
    assert row.id is not None
    return WorkItem(row.id, row.sop_instance_uid, row.step, row.attempts, worker)


def finish(session: Session, item: WorkItem) -> None:
    """Mark a step as done and the next one as due."""
    row = _held(session, item)
    if row is None:
        return
    row.state, row.error, row.worker = WorkState.DONE, "", ""
    session.add(row)
    _unblock_next(session, row)


def postpone(session: Session, item: WorkItem, not_before: float, error: str, failed: bool) -> None:
    """Make a step due later."""
    row = _held(session, item)
    if row is None:
        return
    row.state, row.not_before, row.worker, row.error = WorkState.READY, not_before, "", error[:512]
    row.attempts += int(failed)
    session.add(row)


def give_up(session: Session, item: WorkItem, error: str, with_it: Collection[str]) -> None:
    """Mark a step as failed for good, and those `with_it` that cannot do without it; the next one left is due."""
    row = _held(session, item)
    if row is None:
        return
    row.state, row.worker, row.error = WorkState.FAILED, "", error[:512]
    row.attempts += 1
    session.add(row)
    for other in _blocked(session, row):
        if other.step in with_it:
            other.state, other.error = WorkState.FAILED, f"needs {row.step}, which was given up"
            session.add(other)
    _unblock_next(session, row)


def release(session: Session, worker: str, now: float) -> int:
    """Make every step that `worker` holds due again, after all others: it may be what ended the worker."""
    held = (col(WorkRow.state) == WorkState.RUNNING) & (col(WorkRow.worker) == worker)
    due = {"state": WorkState.READY, "worker": "", "not_before": now}
    result = session.exec(update(WorkRow).where(held).values(due))
    return int(result.rowcount)


def _held(session: Session, item: WorkItem) -> WorkRow | None:
    """The step if it is still this worker's: whose lease ran out must not end it twice, and so start two steps."""
    row = session.get_one(WorkRow, item.id)
    return row if (row.state, row.worker) == (WorkState.RUNNING, item.worker) else None


def _unblock_next(session: Session, row: WorkRow) -> None:
    following = next(iter(_blocked(session, row)), None)
    if following is not None:
        following.state = WorkState.READY
        session.add(following)


def _blocked(session: Session, row: WorkRow) -> Sequence[WorkRow]:
    """The blocked steps of the same still, in order."""
    query = (
        select(WorkRow)
        .where(WorkRow.sop_instance_uid == row.sop_instance_uid, WorkRow.state == WorkState.BLOCKED)
        .order_by(col(WorkRow.position))
    )
    return session.exec(query).all()


def of_study(session: Session, study_instance_uid: str) -> Sequence[WorkRow]:
    """Every step of every still of a visit, in order."""
    query = (
        select(WorkRow)
        .join(StillRow, col(StillRow.sop_instance_uid) == col(WorkRow.sop_instance_uid))
        .where(StillRow.study_instance_uid == study_instance_uid)
        .order_by(col(StillRow.series_number), col(StillRow.instance_number), col(WorkRow.position))
    )
    return session.exec(query).all()
