"""`dermabooth demo`: everything at once on one computer, with a simulated booth."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from dermabooth import running
from dermabooth.demo import DemoOptions, default_station_config, run_demo


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the visit.")] = False,
    data: Annotated[Path, typer.Option(help="Folder for everything the demo keeps.")] = Path("data/demo"),
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the outcome here.")] = None,
    station_config: Annotated[
        Path | None, typer.Option(help="Another booth, e.g. configs/station/files.toml.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Who sits in front of the simulated camera.")] = None,
    send_to: Annotated[
        list[str] | None,
        typer.Option(
            help="Send the visit there: http://HOST:8042/dicom-web, dicom://AET@HOST:4242 or folder:PATH. "
            "May be given several times."
        ),
    ] = None,
) -> None:
    """Run a server and a simulated booth, shoot one visit, and show what came of it.

    Exit status 0 with --once only if every still was stored, analysed and written as DICOM, and
    has arrived wherever --send-to says.

    Example: dermabooth demo --once --json outcome.json
    """
    running.set_up_logging("warning")
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
    options = DemoOptions(
        data, once, json_file, station_config or default_station_config(), seed, tuple(send_to or ())
    )
    succeeded = False

    async def show() -> None:
        nonlocal succeeded
        succeeded = await run_demo(options, Console())

    running.run(show())
    if once and not succeeded:
        sys.exit(1)
