"""`dermabooth station`: the booth agent, with its kiosk page on loopback."""

import json
import logging
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from dermabooth import __version__, resources, running
from server.parent import die_with_parent
from station.agent import StationAgent
from station.config import StationConfig
from station.transport import open_keys

log = logging.getLogger(__name__)


def station(
    config: Annotated[Path | None, typer.Option(help="TOML file; configs/station/ holds examples.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of keys, spool and cache.")] = None,
    server: Annotated[str, typer.Option(help="Where the server takes stills, tcp://HOST:PORT.")] = "",
    server_key: Annotated[Path | None, typer.Option(help="File with the server's public key.")] = None,
    kiosk_port: Annotated[
        int | None, typer.Option(help="Port of the kiosk page on loopback; 0 takes a free one.")
    ] = None,
    pace: Annotated[
        str,
        typer.Option(help="guided: an operator leads the visits; timed: the clock does. Else as configured."),
    ] = "",
    seed: Annotated[int | None, typer.Option(help="Who sits in front of a simulated camera.")] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    parent: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run a booth until SIGTERM; its lights go dark first.

    Example: dermabooth station --config configs/station/sim.toml --server tcp://10.0.0.5:8481 --server-key server.key
    """
    if parent is not None:
        die_with_parent(parent)
    running.set_up_logging(log_level)
    overrides = _overrides(data, server, server_key, kiosk_port, pace, seed)
    settings = StationConfig.load(config or resources.configs() / "station" / "sim.toml", overrides)
    open_keys(settings.data / "keys")  # of a booth without a server too: its public key is what lets it in
    agent = StationAgent(
        settings,
        web_root=resources.web(),
        software=f"dermabooth {__version__}",
        face_model=resources.face_model(),
    )
    running.run(agent.run(_announce))


def _overrides(
    data: Path | None,
    server: str,
    server_key: Path | None,
    kiosk_port: int | None,
    pace: str,
    seed: int | None,
) -> dict[str, Any]:
    """The options that were given, by section; they stand above the file."""
    sections: dict[str, dict[str, Any]] = {
        "uplink": {"server": server or None, "server_key": server_key},
        "kiosk": {"port": kiosk_port},
        "visit": {"pace": pace or None},
        "camera": {"seed": seed},
    }
    given = {name: {k: v for k, v in keys.items() if v is not None} for name, keys in sections.items()}
    overrides: dict[str, Any] = {name: keys for name, keys in given.items() if keys}
    return overrides if data is None else {"data": data, **overrides}


def _announce(agent: StationAgent) -> None:
    """Tell the page's address, and leave it where other programs of this machine find it."""
    places = {"page": agent.kiosk_url or "none", "public_key": str(agent.config.data / "keys" / "booth.key")}
    log.info("the booth is up", extra=places)
    folder = agent.config.data / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = folder / ".station.json"
    partial.write_text(json.dumps({"pid": os.getpid(), "kiosk": agent.kiosk_url}))
    partial.replace(folder / "station.json")
