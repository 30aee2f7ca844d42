"""`dermabooth token`: bearer tokens for programs that use the server."""

from pathlib import Path
from typing import Annotated

import typer

from dermabooth.settings import load_settings
from server.access import Person, Scope, Tokens
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
        typer.Option(help="What it allows: read, correct, sign, publish, admin. May be given several times."),
    ],
    subject: Annotated[
        str, typer.Option(help="Whom it is for: a program's name; with publish, the booth's.")
    ] = "program",
    name: Annotated[
        str,
        typer.Option(
            help="With sign: the person's name, as Family^Given^^Prefix; it stands in what they sign."
        ),
    ] = "",
    organization: Annotated[
        str, typer.Option(help="With sign: where they work; without it the server's institution_name.")
    ] = "",
    config: Annotated[Path | None, typer.Option(help="The server's configuration, TOML.")] = None,
    days: Annotated[float, typer.Option(min=0.01, max=3660, help="How long it holds.")] = 90,
    data: Annotated[Path | None, typer.Option(help="The server's data folder.")] = None,
) -> None:
    """Print a token; keep it as you would a password. A running server takes it at once.

    Example: dermabooth token create --scope read --subject prometheus --data data/server
    Of somebody who signs: --scope read --scope sign --subject kim --name "Kim^Minji^^Dr" --organization "Clinic"
    """
    if Scope.PUBLISH in scope and not is_booth_id(subject):
        raise ConfigError("a token to publish is for one booth: --subject BOOTH")
    settings = load_settings(config, data=data)
    if not settings.data.is_dir():
        raise ConfigError(f"{settings.data}: no such folder; name the one that the server keeps: --data DATA")
    person = _person(scope, name, organization or settings.dicom.institution_name)
    tokens = Tokens.open(settings.keys)
    typer.echo(tokens.issue(subject, scope, lifetime_s=days * _DAY_S, person=person))


def _person(scopes: list[Scope], name: str, organization: str) -> Person | None:
    if Scope.SIGN not in scopes and not name:
        return None
    try:
        return Person(name, organization)
    except ValueError as error:
        raise ConfigError(f"a token to sign is for one person: --name and --organization: {error}") from error
