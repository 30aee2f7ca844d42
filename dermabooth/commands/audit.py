"""`dermabooth audit`: the audit trail of a server."""

from pathlib import Path
from typing import Annotated

import typer

from dermabooth.counted import counted
from dermabooth.settings import load_settings
from server.audit import read_mark, verify
from server.errors import ConfigError

app = typer.Typer(help="The audit trail of a server.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """The audit trail of a server."""


@app.command("verify")
def check(
    config: Annotated[Path | None, typer.Option(help="The server's settings.")] = None,
    data: Annotated[Path | None, typer.Option(help="The server's data folder.")] = None,
    begins_at: Annotated[
        int, typer.Option(min=1, help="Number of the first record, if older files were moved away.")
    ] = 1,
) -> None:
    """Say whether the trail is whole, and if not, where it breaks; the exit status is 1 then.

    Example: dermabooth audit verify --data data/server
    """
    settings = load_settings(config, data=data)
    trail = settings.audit_trail
    if not trail.is_dir():
        raise ConfigError(
            f"{trail}: no such folder; name the data folder of a server that has run: --data DATA"
        )
    found = verify(trail, begins_at=begins_at, known=read_mark(trail).head)
    newest = f"; the newest is {found.head.number}, SHA-256 {found.head.hash}" if found.records else ""
    typer.echo(f"{counted(found.records, 'record')} in {counted(found.files, 'file')}{newest}")
    if found.fault:
        typer.echo(f"broken: {found.fault}")
        raise typer.Exit(1)
    typer.echo("whole")
