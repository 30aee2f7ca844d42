"""`dermabooth`: one command line for booth, server and the people who run them."""

import importlib
import sys
from collections.abc import Iterable
from typing import NoReturn

import typer

from dermabooth import __version__
from server.errors import ServerError
from station.errors import StationError

COMMANDS = {
    "demo": "demo",
    "analyze": "analyze",
    "quality": "quality",
    "server": "server",
    "station": "station",
    "calibrate": "app",
    "repeatability": "repeatability",
    "export": "export",
    "doctor": "doctor",
    "rebuild": "rebuild",
    "devices": "devices",
    "booth": "app",
    "token": "app",
    "models": "app",
    "audit": "app",
}
"""Commands in the order of the help, with the name in their module that holds them."""
_HELP_COLUMNS = 120
"""Where the terminal is so wide, examples stay on one line and can be copied."""


def build(names: Iterable[str] = COMMANDS) -> typer.Typer:
    """The command line with these commands; only their modules are loaded."""
    app = typer.Typer(
        help="Capture-station software for skin photography. Not a medical device; for cosmetic and research use.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"max_content_width": _HELP_COLUMNS},
    )
    for name in names:
        held = getattr(importlib.import_module(f"dermabooth.commands.{name}"), COMMANDS[name])
        if isinstance(held, typer.Typer):
            app.add_typer(held, name=name)
        else:
            app.command(name)(held)
    app.command("version")(version)
    app.callback()(lambda: None)  # a group, also with one command
    return app


def version() -> None:
    """Print the version.

    Example: dermabooth version
    """
    typer.echo(__version__)


def main() -> NoReturn:
    """Run the command line; an expected error is one line that says what to do."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        # The rooms of one command take a second to load, those of all commands three.
        build({asked} & set(COMMANDS) if asked in {*COMMANDS, "version"} else COMMANDS)()
    except Exception as error:
        expected = _expected(error)
        if not expected:
            raise
        for line in expected:
            typer.echo(f"dermabooth: {line}", err=True)
        sys.exit(1)
    sys.exit(0)


def _expected(error: BaseException) -> list[str]:
    """The texts of an error that its reader can mend, or of a group of nothing else; else none."""
    if isinstance(error, ServerError | StationError):
        return [str(error)]
    if isinstance(error, OSError) and error.filename is not None:
        return [f"{error.filename}: {error.strerror}"]
    if isinstance(error, BaseExceptionGroup):
        texts = [_expected(inner) for inner in error.exceptions]
        return [line for lines in texts for line in lines] if all(texts) else []
    return []
