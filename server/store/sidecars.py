"""Rows kept beside the files that they are about, so that the database can be made again from the archive alone.

What a transaction changes of booths, visits and stills is written before it commits: a sidecar may be a moment ahead of
the database, never behind it.
"""

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

import msgspec
from sqlalchemy import Integer, event, inspect
from sqlmodel import Session, SQLModel, col, select

from server.store.archive import Archive
from server.store.tables import (
    BoothRow,
    CorrectionRow,
    InstanceRow,
    MeasureRow,
    SignatureRow,
    StillRow,
    VisitRow,
    WorkRow,
    WorkState,
)

VERSION = 1
_ENDED = frozenset({WorkState.DONE, WorkState.FAILED})


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One sidecar: rows by table, in their order, as columns and values."""

    version: int = VERSION
    written_at: float
    """Seconds since 1970 UTC; of two about the same still the newer holds."""
    rows: dict[str, list[dict[str, Any]]]


class Sidecars:
    """Writes sidecars into an archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def begin(self, session: Session) -> "Touched":
        """Watch what a transaction changes; `write` it before it commits."""
        return Touched.watching(session)

    def write(self, session: Session, touched: "Touched") -> None:
        """Write what was changed, durably; raises `StorageFull`."""
        session.flush()
        for booth in sorted(touched.booths):
            self._keep(self._archive.booth_rows(booth), {"booth": [session.get_one(BoothRow, booth)]})
        for study in sorted(touched.visits):
            self._write_visit(session, study)
        for uid in sorted(touched.stills | {one for one in touched.worked if _all_ended(session, one)}):
            self._write_still(session, uid)

    def complete(self, session: Session) -> int:
        """Write the sidecars that are missing, as of visits older than these; how many."""
        touched = Touched()
        for booth in session.exec(select(BoothRow.booth_id)):
            if not self._archive.booth_rows(booth).is_file():
                touched.booths.add(booth)
        for study in session.exec(select(VisitRow.study_instance_uid)):
            if not self._archive.visit_rows(study).is_file():
                touched.visits.add(study)
        for study, uid in session.exec(select(StillRow.study_instance_uid, StillRow.sop_instance_uid)):
            if not self._archive.still_rows(study, uid).is_file():
                touched.stills.add(uid)
        self.write(session, touched)
        return len(touched.booths) + len(touched.visits) + len(touched.stills)

    def _write_visit(self, session: Session, study: str) -> None:
        # Locked: of two transactions about one visit the second writes what both have changed.
        rows: dict[str, Sequence[SQLModel]] = {
            "visit": [session.get_one(VisitRow, study, with_for_update=True)],
            "correction": _rows(
                session,
                CorrectionRow,
                col(CorrectionRow.study_instance_uid) == study,
                CorrectionRow.requested_at,
                CorrectionRow.id,
            ),
            "signature": _rows(
                session,
                SignatureRow,
                col(SignatureRow.study_instance_uid) == study,
                SignatureRow.signed_at,
                SignatureRow.id,
            ),
        }
        self._keep(self._archive.visit_rows(study), rows)

    def _write_still(self, session: Session, uid: str) -> None:
        still = session.get_one(StillRow, uid, with_for_update=True)
        rows: dict[str, Sequence[SQLModel]] = {
            "still": [still],
            "instance": _rows(
                session, InstanceRow, col(InstanceRow.still_uid) == uid, InstanceRow.created_at
            ),
            "measure": _rows(session, MeasureRow, col(MeasureRow.sop_instance_uid) == uid, MeasureRow.id),
        }
        if _all_ended(session, uid):
            rows["work"] = _rows(session, WorkRow, col(WorkRow.sop_instance_uid) == uid, WorkRow.position)
        self._keep(self._archive.still_rows(still.study_instance_uid, uid), rows)

    def _keep(self, path: Path, rows: dict[str, Sequence[SQLModel]]) -> None:
        kept = {name: [_columns(row) for row in those] for name, those in rows.items()}
        self._archive.write(path, msgspec.json.encode(Kept(written_at=time.time(), rows=kept)))


class Touched:
    """Keys of what a transaction has changed."""

    def __init__(self) -> None:
        self.booths: set[str] = set()
        self.visits: set[str] = set()
        self.stills: set[str] = set()
        self.worked: set[str] = set()
        """Stills of which a step has ended."""

    @classmethod
    def watching(cls, session: Session) -> Self:
        """What this session writes from now on."""
        touched = cls()
        event.listen(session, "after_flush", lambda flushed, _context: touched.add(flushed))
        return touched

    def add(self, session: Session) -> None:
        """What a flush writes."""
        changed = [row for row in session.dirty if session.is_modified(row)]
        for row in (*session.new, *changed, *session.deleted):
            self._add(row)

    def _add(self, row: object) -> None:
        match row:
            case BoothRow():
                self.booths.add(row.booth_id)
            case VisitRow() | CorrectionRow() | SignatureRow():
                self.visits.add(row.study_instance_uid)
            case StillRow() | MeasureRow():
                self.stills.add(row.sop_instance_uid)
            case InstanceRow():
                self.stills.add(row.still_uid)
            case WorkRow() if row.state in _ENDED:
                self.worked.add(row.sop_instance_uid)


def _all_ended(session: Session, uid: str) -> bool:
    states = session.exec(select(WorkRow.state).where(WorkRow.sop_instance_uid == uid)).all()
    return bool(states) and all(state in _ENDED for state in states)


def _rows(session: Session, table: Any, where: Any, *order: Any) -> Sequence[SQLModel]:
    found: Iterable[SQLModel] = session.exec(select(table).where(where).order_by(*order)).all()
    return list(found)


def _columns(row: SQLModel) -> dict[str, Any]:
    """Without numbers that the database gave: they mean nothing elsewhere."""
    columns = inspect(type(row)).columns
    kept = [one.key for one in columns if not (one.primary_key and isinstance(one.type, Integer))]
    return {name: getattr(row, name) for name in kept}
