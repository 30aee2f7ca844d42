"""`dermabooth server`: takes stills and previews in, analyses, stores and shows."""

import os
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from dermabooth import __version__, resources, running
from dermabooth.settings import load_settings
from server import app
from server.config import ServerConfig


class Role(StrEnum):
    """The server's processes."""

    LIVE = "live"
    WORK = "work"
    COMMITMENT = "commitment"


def server(
    config: Annotated[Path | None, typer.Option(help="TOML file; configs/server/ holds examples.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of keys, database and archive.")] = None,
    http: Annotated[str, typer.Option(help="HOST:PORT of pages and API; port 0 takes a free one.")] = "",
    capture: Annotated[str, typer.Option(help="ZeroMQ endpoint for stills, e.g. tcp://0.0.0.0:8481.")] = "",
    triton: Annotated[str, typer.Option(help="Use the Triton at this gRPC address.")] = "",
    only: Annotated[Role | None, typer.Option(help="Run one of its processes alone.")] = None,
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the server until SIGTERM.

    Example: dermabooth server --config configs/server/local.toml
    """
    if parent is not None:
        app.die_with_parent(parent)
    settings = load_settings(config, data=data, http=http, capture=capture, triton=triton)
    running.set_up_logging(settings.log.level)
    running.run(_program(only, settings))


def _program(only: Role | None, settings: ServerConfig) -> Coroutine[Any, Any, None]:
    """One of the processes, or what supervises them all."""
    models = resources.triton_models()
    match only:
        case Role.LIVE:
            return app.run_live(settings, models=models, web_root=resources.web(), version=__version__)
        case Role.WORK:
            quality = resources.configs() / "quality"
            return app.run_work(settings, models=models, quality=quality, version=__version__)
        case Role.COMMITMENT:
            return app.run_commitment(settings)
        case None:
            return app.supervise(settings, models, _child_command)


def _child_command(role: str) -> list[str]:
    return [sys.executable, "-m", "dermabooth", *sys.argv[1:], "--only", role, "--parent", str(os.getpid())]
