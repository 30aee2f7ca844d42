"""`dermabooth export`: visits as a folder for research, without identities."""

import asyncio
import contextlib
import getpass
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from dermabooth import __version__
from dermabooth.counted import counted
from dermabooth.running import run
from dermabooth.settings import load_settings
from server.app.auditing import auditing
from server.audit import Actor, AuditEvent, Subject, events
from server.config import ServerConfig
from server.errors import ConfigError, ServerError
from server.export import (
    Exporter,
    ExportOptions,
    ExportRecord,
    Faces,
    Option,
    Selection,
    Tally,
    open_pseudonyms,
    reasons,
    record_path,
)
from server.store import Archive, Store
from station.protocol import is_uid

_DAY = ["%Y-%m-%d"]


class Measures(StrEnum):
    """Form of the table of measures."""

    CSV = "csv"
    PARQUET = "parquet"
    NONE = "none"


def export(
    folder: Annotated[Path, typer.Argument(help="Folder to make; it must be empty or not there yet.")],
    config: Annotated[Path | None, typer.Option(help="TOML file of the server.")] = None,
    data: Annotated[Path | None, typer.Option(help="The server's data folder.")] = None,
    patient: Annotated[str, typer.Option(help="Only visits of this patient ID.")] = "",
    visit: Annotated[str, typer.Option(help="Only the visit of this Study Instance UID.")] = "",
    since: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Only visits of this day or later.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(formats=_DAY, help="Only visits of this day or earlier.")
    ] = None,
    search: Annotated[str, typer.Option(help="Only visits with these words in name or ID.")] = "",
    option: Annotated[
        list[str] | None,
        typer.Option(
            help="Option of the profile, by name or code; may be given several times. Without any: "
            f"clean-structured-content and clean-descriptors. There are: basic, {', '.join(Option)}."
        ),
    ] = None,
    faces: Annotated[
        Faces, typer.Option(help="What becomes of the faces in the pixels.")
    ] = Faces.AS_THEY_ARE,
    measures: Annotated[Measures, typer.Option(help="Form of the table of measures.")] = Measures.CSV,
    pseudonyms: Annotated[
        Path | None, typer.Option(help="Key file of the pseudonyms, made if there is none.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would leave, and end.")] = False,
) -> None:
    """Copy visits for research: identities removed (DICOM PS3.15 annex E), faces masked if asked, measures as a table.

    Without a choice of visits all leave. Faces are recognizable unless they are masked.

    Example: dermabooth export study --data data/server --since 2026-01-01 --faces eye-band --dry-run

    Example: dermabooth export study --data data/server --option modified-dates --option clean-structured-content
    """
    settings = load_settings(config, data=data)
    key = _key_file(settings, pseudonyms, folder)
    asked = ExportOptions.named(option or (), faces)
    chosen = _selection(patient, visit, since, until, search)
    console = Console(stderr=True)
    told: list[Tally | ExportRecord] = []

    async def work() -> None:
        async with _open(settings, key, asked) as exporter:
            with _bar(console) as moved:
                if dry_run:
                    told.append(await exporter.summary(chosen, moved))
                else:
                    told.append(await _audited(exporter, settings, folder, chosen, measures, moved))

    run(work())
    if not told:
        console.print("stopped; nothing was exported")
        raise typer.Exit(1)
    _show(told[0], folder, console)


def _key_file(settings: ServerConfig, named: Path | None, folder: Path) -> Path:
    """Where the pseudonyms' key is kept; raises `ConfigError` if there is no server's data, or the key would leave too."""
    if not settings.data.is_dir():
        raise ConfigError(f"{settings.data}: no such folder; name the one that the server keeps: --data DATA")
    key = named or settings.keys / "pseudonyms"
    if folder.resolve() in key.resolve().parents:
        raise ConfigError(f"{key} would leave with the export; keep the key file elsewhere")
    return key


def _selection(
    patient: str, visit: str, since: datetime | None, until: datetime | None, search: str
) -> Selection:
    if visit and not is_uid(visit):
        raise ConfigError("--visit takes a Study Instance UID, digits and dots; the viewer shows it")
    return Selection(patient, visit, _second(since), _second(until and until + timedelta(days=1)), search)


async def _audited(
    exporter: Exporter,
    settings: ServerConfig,
    folder: Path,
    chosen: Selection,
    measures: Measures,
    moved: Callable[[int, int], None],
) -> ExportRecord:
    """The export, told to the audit trail whether it succeeds or fails."""
    form = "" if measures is Measures.NONE else str(measures)
    with auditing(settings, "export") as auditor:
        recorded = replace(
            exporter,
            on_exported=lambda one: auditor.record_now(_event(one)),
            on_failed=lambda one, error: auditor.note(_event(one, _reason(error))),
        )
        return await recorded.export(folder, chosen, measures=form, on_progress=moved)


@contextlib.asynccontextmanager
async def _open(settings: ServerConfig, key: Path, options: ExportOptions) -> AsyncIterator[Exporter]:
    names = open_pseudonyms(key)
    store = await asyncio.to_thread(Store.open, settings.database_url)
    try:
        yield Exporter(store, Archive(settings.archive), names, options, __version__)
    finally:
        await store.close()


def _event(record: ExportRecord, failed: str = "") -> AuditEvent:
    """What left, or `failed` to, in the name of whoever is signed in at this computer."""
    return events.exported(
        Actor(user_id=getpass.getuser(), alternative_id="dermabooth export"),
        record.folder,
        [events.study(uid, anonymized=True) for uid in record.studies],
        list(
            dict.fromkeys(
                Subject(patient_id=p.patient_id, issuer=p.issuer_of_patient_id) for p in record.patients
            )
        ),
        failed=failed,
    )


def _reason(error: BaseException) -> str:
    """Why nothing left; what our own errors say holds no patient data."""
    if isinstance(error, ServerError):
        return str(error)
    return "stopped" if isinstance(error, asyncio.CancelledError) else type(error).__name__


@contextlib.contextmanager
def _bar(console: Console) -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("visits", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _second(day: datetime | None) -> float | None:
    """The beginning of a day here."""
    return None if day is None else day.astimezone().timestamp()


def _show(told: Tally | ExportRecord, folder: Path, console: Console) -> None:
    tally = told if isinstance(told, Tally) else told.tally
    kinds = sorted((kind.removesuffix("s"), count) for kind, count in tally.files.items())
    files = ", ".join(counted(count, kind) for kind, count in kinds) or "nothing"
    people, visits = counted(len(tally.patients), "patient"), counted(tally.visits, "visit")
    verb = "would leave" if isinstance(told, Tally) else "in " + str(folder)
    lines = [f"{people}, {visits}: {files} {verb}", *reasons(tally.stays)]
    if isinstance(told, ExportRecord):
        lines += [told.warning, f"record: {record_path(folder)}"]
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
