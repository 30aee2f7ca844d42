"""`dermabooth rebuild`: the database made again from the archive."""

import itertools
import os
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.engine import make_url

from dermabooth.counted import counted
from dermabooth.settings import load_settings
from server import app as server_app
from server.config import ServerConfig
from server.errors import ConfigError, Conflict
from server.pipeline import STEPS
from server.rebuild import ArchiveReader, Rebuilt
from server.rebuild import rebuild as fill
from server.store import routes_of

_SHOWN = 50
"""Problems that are printed one by one."""
_PARTS = ("", "-wal", "-shm")
"""What belongs to an SQLite database."""


def rebuild(
    config: Annotated[Path | None, typer.Option(help="The server's TOML file.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of keys, database and archive.")] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put the present database aside, or empty it on PostgreSQL.")
    ] = False,
    hashes: Annotated[
        bool, typer.Option(help="Compare every object with its hash; without, only with what it says it is.")
    ] = True,
) -> None:
    """Make the database again from the archive alone, while the server is stopped. Ends with 1 if a file was left out.

    Example: dermabooth rebuild --data data/server
    """
    settings = load_settings(config, data=data)
    _need_stopped(settings)
    if not settings.archive.is_dir():
        raise ConfigError(
            f"{settings.archive}: no such folder; name the data folder of the server: --data DATA"
        )
    console = Console(stderr=True)
    reader = ArchiveReader(settings.archive, hashes=hashes)
    aside = _put_aside(settings.database_url, replace=replace)
    if aside is not None:
        console.print(
            f"The database that was there is now {aside}", highlight=False, markup=False, soft_wrap=True
        )
    done = _fill(settings, reader, console, replace=replace)
    counts = counted(done.visits, "visit"), counted(done.stills, "still"), counted(done.instances, "object")
    typer.echo(", ".join(counts))
    _tell(reader)
    if reader.problems:
        raise typer.Exit(1)


def _fill(settings: ServerConfig, reader: ArchiveReader, console: Console, *, replace: bool) -> Rebuilt:
    columns = (TextColumn("visits"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("visits", total=len(reader))
        return fill(
            settings.database_url,
            reader,
            steps=STEPS,
            routes=routes_of(settings.destinations),
            empty=replace,
            on_visit=lambda: bar.advance(task),
        )


def _need_stopped(settings: ServerConfig) -> None:
    for role in ("live", "work"):
        if server_app.is_running(settings.run, role):
            raise Conflict("the server is running with this data folder; stop it first")


def _put_aside(url: str, *, replace: bool) -> Path | None:
    """Move an SQLite database, which may be damaged beyond opening, out of the way; None: there is none."""
    database = make_url(url).database if make_url(url).get_backend_name() == "sqlite" else None
    if database is None or not Path(database).exists():
        return None
    if not replace:
        raise Conflict(
            f"there is a database: {database}; with --replace it is put aside, and nothing is lost"
        )
    aside = _unused(Path(f"{database}.before-{time.strftime('%Y%m%d-%H%M%S')}"))
    for part in _PARTS:
        if Path(f"{database}{part}").exists():
            os.replace(f"{database}{part}", f"{aside}{part}")
    return aside


def _unused(path: Path) -> Path:
    """The path, or one with a number behind it: what was put aside in the same second is not written over."""
    numbered = (path.with_name(f"{path.name}-{number}") for number in itertools.count(2))
    return next(one for one in itertools.chain((path,), numbered) if not one.exists())


def _tell(reader: ArchiveReader) -> None:
    for problem in reader.problems[:_SHOWN]:
        typer.echo(f"left out: {problem.path}: {problem.reason}", err=True)
    if len(reader.problems) > _SHOWN:
        typer.echo(f"and {len(reader.problems) - _SHOWN} more", err=True)
