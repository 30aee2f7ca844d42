"""`dermabooth devices`: which cameras, light controllers and interlocks are connected."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from station.devices.search import find_devices


def devices(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List what is connected, each with the line to copy to the top of the booth's configuration.

    Simulated instruments are marked. What stands at a serial port is yours to know, lights by sACN and anything by Modbus
    cannot be searched for, and the channels of lights are yours to add: docs/reference/devices-lights.md.

    Example: dermabooth devices
    """
    found, missed = find_devices()
    if as_json:
        listed = {
            "devices": [{**asdict(each), "type": each.type} for each in found],
            "not_searched": [asdict(each) for each in missed],
        }
        typer.echo(json.dumps(listed, indent=2))
        return
    for each in found:
        name = f"{each.name} (fake)" if each.fake else each.name
        typer.echo(f"{name:<42}  {each.toml}")
    for kind in missed:
        typer.echo(f"not searched: {kind.type}: {kind.reason}", err=True)
