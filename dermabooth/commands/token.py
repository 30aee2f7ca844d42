"""`dermabooth token`: bearer tokens for programs that use the server."""

from pathlib import Path
from typing import Annotated

import typer

from dermabooth.settings import load_settings
from server.access import Scope, Tokens
from server.errors import ConfigError
from station.protocol import is_booth_id

app = typer.Typer(help="Bearer tokens for programs that use the server.", no_args_is_help=True)

_DAY_S = 86_400.0


@app.callback()
def _group() -> None:
    """Bearer tokens for programs that use the server."""


@app.command()
def create(
    scope: Annotated[
        list[Scope],
        typer.Option(help="What it allows: read, correct, publish, admin. May be given several times."),
    ],
    subject: Annotated[
        str, typer.Option(help="Whom it is for: a program's name; with publish, the booth's.")
    ] = "program",
    days: Annotated[float, typer.Option(min=0.01, max=3660, help="How long it holds.")] = 90,
    data: Annotated[Path | None, typer.Option(help="The server's data folder.")] = None,
) -> None:
    """Print a token; keep it as you would a password. A running server takes it at once.

    Example: dermabooth token create --scope read --subject prometheus --data data/server
    """
    if Scope.PUBLISH in scope and not is_booth_id(subject):
        raise ConfigError("a token to publish is for one booth: --subject BOOTH")
    settings = load_settings(data=data)
    if not settings.data.is_dir():
        raise ConfigError(f"{settings.data}: no such folder; name the one that the server keeps: --data DATA")
    tokens = Tokens.open(settings.keys)
    typer.echo(tokens.issue(subject, scope, lifetime_s=days * _DAY_S))
