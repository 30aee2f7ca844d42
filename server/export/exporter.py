"""Visits as a folder that holds no identity: made beside its place, whole or not at all."""

import asyncio
import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import pydicom
from pydicom.config import disable_value_validation

from server.dicom import read_photo, write
from server.durable import commit, partial_file, sync_folder
from server.errors import BadImage, ConfigError, ServerError
from server.export.deidentify import Deidentifier
from server.export.identity import Subject
from server.export.measures import Row, Table, open_table, rows_of
from server.export.options import ExportOptions
from server.export.pictures import keep_photo, set_part, set_segments
from server.export.planning import MASKS, OVERLAY, PHOTO, Planned, VisitPlan, plan_visit
from server.export.pseudonyms import Pseudonyms
from server.export.record import ExportRecord, Tally
from server.export.selection import Selection, need_any
from server.store import Archive, Store, Visit
from station.protocol import is_uid

P = ParamSpec("P")
T = TypeVar("T")

Progress = Callable[[int, int], None]
"""Called with the visits done and their number."""


@dataclass(frozen=True)
class Exporter:
    """Exports from one store and archive with one secret."""

    store: Store
    archive: Archive
    pseudonyms: Pseudonyms
    options: ExportOptions
    software: str
    on_exported: Callable[[ExportRecord], None] | None = None
    """Called with the record once an export is in its place."""
    on_failed: Callable[[ExportRecord, BaseException], None] | None = None
    """Called with what was to leave, and why it did not."""

    async def summary(self, selection: Selection, on_progress: Progress = lambda _done, _of: None) -> Tally:
        """What would leave; raises `NotFound` if nothing fits."""
        visits, tally = await need_any(self.store, selection), Tally()
        with ThreadPoolExecutor(1, thread_name_prefix="export") as threads:
            for done, visit in enumerate(visits, start=1):
                tally.count(self._subject(visit).name, await self._plan(visit, threads))
                on_progress(done, len(visits))
        return tally

    async def export(
        self,
        folder: Path,
        selection: Selection,
        *,
        measures: str = "",
        on_progress: Progress = lambda _done, _of: None,
    ) -> ExportRecord:
        """Put the visits into `folder`, which must be empty or not there, and their record beside it.

        `measures` adds a table: csv or parquet. Memory holds one picture at a time. Raises `ConfigError` for a folder that is in use,
        `NotFound` if nothing fits, `BadImage` for a damaged file; then nothing is left behind.
        """
        _check_free(folder)
        visits, tally = await need_any(self.store, selection), Tally()
        try:
            async with _appearing(folder) as partial:
                await self._export_visits(visits, partial, measures, tally, on_progress)
                record = self._record(folder, selection, visits, tally)
                _write_json(partial / "export.json", record.inside(), private=False)
                _write_json(record_path(folder), record.beside(), private=True)
        except BaseException as error:
            if self.on_failed is not None:
                self.on_failed(self._record(folder, selection, visits, tally), error)
            raise
        if self.on_exported is not None:
            self.on_exported(record)
        return record

    async def _export_visits(
        self, visits: Sequence[Visit], folder: Path, measures: str, tally: Tally, on_progress: Progress
    ) -> None:
        table = open_table(folder, measures) if measures else None
        with ThreadPoolExecutor(1, thread_name_prefix="export") as threads:
            try:
                for done, visit in enumerate(visits, start=1):
                    await self._export_visit(visit, folder, table, tally, threads)
                    on_progress(done, len(visits))
            finally:
                if table is not None:
                    table.close()

    async def _export_visit(
        self, visit: Visit, folder: Path, table: Table | None, tally: Tally, threads: ThreadPoolExecutor
    ) -> None:
        subject, plan = self._subject(visit), await self._plan(visit, threads)
        maker = Deidentifier(self.pseudonyms, self.options, subject, plan.exported, self.software)
        own = folder / subject.name / maker.uid(visit.study_now or visit.study_instance_uid)

        def make(part: str) -> Deidentifier:
            return replace(maker, exported=plan.with_part(part), scope=plan.scope(part)) if part else maker

        for planned in plan.planned:
            await _run(threads, _export_object, make, planned, own)
        tally.count(subject.name, plan)
        if table is not None:
            rows = await self._rows(visit, subject, plan.photos, maker)
            tally.rows += len(rows)
            await _run(threads, table.add, rows)

    async def _rows(
        self, visit: Visit, subject: Subject, photos: Mapping[str, str], maker: Deidentifier
    ) -> list[Row]:
        """The measures of the stills that stand, under the UIDs of their exported `photos`."""
        stills = [one for one in await self.store.stills(visit.study_instance_uid) if one.rejected_by is None]
        told = [(still, await self.store.measures(still.sop_instance_uid)) for still in stills]
        rows = rows_of(
            visit,
            told,
            subject=subject,
            pseudonyms=self.pseudonyms,
            options=self.options,
            uid=lambda uid: maker.uid(photos.get(uid, uid)),
        )
        return list(rows)

    async def _plan(self, visit: Visit, threads: ThreadPoolExecutor) -> VisitPlan:
        stills = await self.store.stills(visit.study_instance_uid)
        instances = await self.store.instances(visit.study_instance_uid)
        return await _run(threads, plan_visit, visit, stills, instances, self.archive, self.options)

    def _subject(self, visit: Visit) -> Subject:
        return Subject.of(visit, self.pseudonyms)

    def _record(
        self, folder: Path, selection: Selection, visits: Sequence[Visit], tally: Tally
    ) -> ExportRecord:
        return ExportRecord(
            folder=str(folder),
            made_at=datetime.now(UTC).isoformat(timespec="seconds"),
            software=f"dermabooth {self.software}",
            options=self.options,
            selection=selection,
            key=self.pseudonyms.fingerprint,
            tally=tally,
            studies=tuple(visit.study_now or visit.study_instance_uid for visit in visits),
            patients=tuple(dict.fromkeys(visit.patient for visit in visits)),
        )


def record_path(folder: Path) -> Path:
    """Where the clinic's record of an export lies."""
    return folder.with_name(f"{folder.name}.export.json")


def _export_object(make: Callable[[str], Deidentifier], planned: Planned, folder: Path) -> None:
    """Write every part of one object; `make` gives what de-identifies the part of a name."""
    try:
        # What pydicom says of a value that is against the rules holds the value.
        with disable_value_validation():
            source = pydicom.dcmread(planned.path)
            pictured = planned.kind in {PHOTO, OVERLAY}
            srgb = read_photo(planned.path).srgb if pictured and planned.parts else None
            for part in planned.parts or (None,):
                made = make("" if part is None else part.name)(source)
                if srgb is not None and part is not None:
                    set_part(made, source, srgb, part)
                elif pictured:
                    keep_photo(made, source, planned.path)
                elif planned.kind == MASKS:
                    set_segments(made, source, part)
                write(made, _place(folder, str(made.SOPInstanceUID)))
    except (ServerError, OSError):
        raise
    except Exception as error:  # the boundary to files that may be damaged in any way
        raise BadImage(
            f"{planned.path} cannot be exported ({type(error).__name__}); move it away, or choose other visits"
        ) from error


def _place(folder: Path, uid: str) -> Path:
    if not is_uid(uid):
        raise BadImage("the object has no valid SOP Instance UID")
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{uid}.dcm"


async def _run(threads: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(threads, lambda: work(*args, **kwargs))


def _check_free(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"{folder} is not empty; name a folder that is, or one that is not there yet")
    if record_path(folder).exists():
        raise ConfigError(f"{record_path(folder)} is the record of an earlier export; name another folder")


@asynccontextmanager
async def _appearing(folder: Path) -> AsyncIterator[Path]:
    """A folder beside `folder` that takes its place at the end, or is gone and its record with it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    partial.mkdir(mode=0o700)
    try:
        yield partial
        for path in (*(one for one in partial.rglob("*") if one.is_dir()), partial):
            sync_folder(path)
        os.replace(partial, folder)
        sync_folder(folder.parent)
    except BaseException:
        record_path(folder).unlink(missing_ok=True)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_json(path: Path, value: object, *, private: bool) -> None:
    mode = 0o600 if private else 0o644
    with partial_file(path) as partial:
        with open(partial, "x", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(json.dumps(value, indent=2) + "\n")
        commit(partial, path)
