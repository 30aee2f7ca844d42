"""`dermabooth`: one command line for booth, server and the people who run them."""

import sys
from typing import NoReturn

import typer

from dermabooth import __version__
from dermabooth.commands import analyze, booth, demo, doctor, models, server, station
from server.errors import ServerError
from station.errors import StationError

app = typer.Typer(
    help="Capture-station software for skin photography. Not a medical device; for cosmetic and research use.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("analyze")(analyze.analyze)
app.command("server")(server.server)
app.command("station")(station.station)
app.command("doctor")(doctor.doctor)
app.add_typer(booth.app, name="booth")
app.add_typer(models.app, name="models")


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> NoReturn:
    """Run the command line; an expected error is one line that says what to do."""
    try:
        app()
    except Exception as error:
        expected = _expected(error)
        if not expected:
            raise
        for line in expected:
            typer.echo(f"dermabooth: {line}", err=True)
        sys.exit(1)
    sys.exit(0)


def _expected(error: BaseException) -> list[str]:
    """The texts of an error that we raise on purpose, or of a group of nothing else; else none."""
    if isinstance(error, ServerError | StationError):
        return [str(error)]
    if isinstance(error, BaseExceptionGroup):
        texts = [_expected(inner) for inner in error.exceptions]
        return [line for lines in texts for line in lines] if all(texts) else []
    return []
