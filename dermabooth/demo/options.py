"""What the demo is told."""

from dataclasses import dataclass
from pathlib import Path

from dermabooth import resources


@dataclass(frozen=True)
class DemoOptions:
    """What the demo is told."""

    data: Path
    once: bool
    json_file: Path | None
    station_config: Path
    seed: int | None
    send_to: tuple[str, ...] = ()
    """Addresses that the visit is sent to."""


def default_station_config() -> Path:
    """The simulated booth."""
    return resources.configs() / "station" / "sim.toml"
