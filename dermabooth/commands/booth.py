"""`dermabooth booth`: which booths may talk to the server."""

import re
from pathlib import Path
from typing import Annotated

import typer

from dermabooth.settings import load_settings
from server.errors import ConfigError
from station.protocol import is_booth_id

app = typer.Typer(help="Which booths may talk to the server.", no_args_is_help=True)

_MAX_KEY_FILE = 1024
_PUBLIC_KEY = re.compile(r"[0-9a-zA-Z.\-:+=^!/*?&<>()\[\]{}@%$#]{40}")
"""32 bytes in Z85 (ZeroMQ RFC 32)."""

DataOption = Annotated[Path | None, typer.Option(help="The server's data folder.")]


@app.command()
def enroll(
    booth_id: Annotated[str, typer.Argument(help="Lower-case name of the booth.")],
    public_key: Annotated[Path, typer.Argument(help="The booth's public key file (keys/booth.key).")],
    data: DataOption = None,
) -> None:
    """Allow a booth; a running server notices at once.

    Example: dermabooth booth enroll booth-1 data/station/keys/booth.key --data data/server
    """
    if not public_key.is_file():
        raise ConfigError(
            f"{public_key}: no such file; carry keys/booth.key here from the booth's data folder"
        )
    key = public_key.read_bytes()[:_MAX_KEY_FILE].decode("ascii", errors="replace").strip()
    allow(load_settings(data=data).booths, booth_id, key)
    typer.echo(f"{booth_id} may now connect")


@app.command("list")
def list_booths(data: DataOption = None) -> None:
    """Print the booths that may connect.

    Example: dermabooth booth list --data data/server
    """
    for path in sorted(load_settings(data=data).booths.glob("*.key")):
        typer.echo(path.stem)


@app.command()
def remove(
    booth_id: Annotated[str, typer.Argument(help="Name of the booth, as `booth list` prints it.")],
    data: DataOption = None,
) -> None:
    """No longer allow a booth; a running server notices at once.

    Example: dermabooth booth remove booth-1 --data data/server
    """
    path = load_settings(data=data).booths / f"{_checked(booth_id)}.key"
    if not path.exists():
        raise ConfigError(f"{booth_id} was not allowed; `dermabooth booth list` names those that are")
    path.unlink()
    typer.echo(f"{booth_id} may no longer connect")


def allow(booths: Path, booth_id: str, public_key: str) -> None:
    """Write a booth's key into the allow-list; raises `ConfigError` for a bad name or key."""
    if not _PUBLIC_KEY.fullmatch(public_key):
        raise ConfigError("this is no public key; the booth's is in its data folder, keys/booth.key")
    booths.mkdir(parents=True, exist_ok=True)
    path = booths / f"{_checked(booth_id)}.key"
    partial = path.with_suffix(".partial")
    partial.write_text(public_key)
    partial.replace(path)


def _checked(booth_id: str) -> str:
    if not is_booth_id(booth_id):
        raise ConfigError("a booth's name has 1 to 32 lower-case letters, digits, '-' or '_'")
    return booth_id
