"""A live plane in a process of its own, its doors, and a filming booth before it."""

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.live.programs import Answer, Program, program
from server.access import Scope, Tokens
from station.transport import open_keys

BOOTH = "bench"


@dataclass(frozen=True)
class Doors:
    """Where booths publish and viewers watch, with the tokens for it."""

    url: str
    tokens: Tokens
    folder: Path
    """Of keys; it ends with the plane."""
    jpeg: dict[str, str]
    """Endpoint and key of the door for JPEG, if it is open."""

    def whip(self, booth: str = BOOTH) -> dict[str, Any]:
        """`url` and `token` for a booth."""
        return {"url": f"{self.url}/whip/{booth}", "token": self.tokens.issue(booth, [Scope.PUBLISH])}

    def whep(self, booth: str = BOOTH, sync: str = "exact") -> dict[str, Any]:
        """`url` and `token` for a viewer."""
        return {
            "url": f"{self.url}/whep/{booth}?sync={sync}",
            "token": self.tokens.issue("viewer", [Scope.READ]),
        }

    def zeromq(self, booth: str = BOOTH) -> dict[str, Any]:
        """Endpoint and keys for a booth that sends JPEG; it is enrolled by this."""
        keys = open_keys(self.folder / booth)
        (_data(self.folder) / "booths" / f"{booth}.key").write_bytes(keys.public)
        return {**self.jpeg, "keys": str(self.folder / booth)}


@asynccontextmanager
async def jpeg_plane(**settings: Any) -> AsyncIterator[tuple[Program, Doors]]:
    """A live plane that takes JPEG over ZeroMQ too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (_data(folder) / "booths").mkdir(parents=True)
        told = {"keys": name, "jpeg": str(_data(folder)), **settings}
        async with program("benchmarks.live.plane", **told) as server:
            url = server.told.pop("url")
            yield server, Doors(url, Tokens.open(folder), folder, server.told)


def _data(folder: Path) -> Path:
    return folder / "server"


@asynccontextmanager
async def plane(
    module: str = "benchmarks.live.plane", **settings: Any
) -> AsyncIterator[tuple[Program, Doors]]:
    """A live plane with the settings of `module`."""
    with tempfile.TemporaryDirectory() as keys:
        tokens = Tokens.open(Path(keys))
        async with program(module, keys=keys, **settings) as server:
            yield server, Doors(server.told["url"], tokens, Path(keys), {})


@asynccontextmanager
async def booth(doors: Doors, fps: float) -> AsyncIterator[Program]:
    """A filming booth, once its first overlay is back; it sends JPEG where there is a door for that."""
    door = doors.zeromq() if doors.jpeg else doors.whip()
    async with program("benchmarks.live.booth", fps=fps, **door) as running:
        yield running


@dataclass(frozen=True)
class Latency:
    """From frame taken to overlay back."""

    p50_ms: float
    p95_ms: float
    answered: int
    filmed: int

    @property
    def text(self) -> str:
        """In a row's context."""
        return f"p50 {self.p50_ms:.1f}, p95 {self.p95_ms:.1f} ms, {self.answered} of {self.filmed} frames"


def latency(told: Answer) -> Latency:
    """Of what a booth collected; infinite where nothing came back."""
    times = [1000 * (heard - taken) for _, taken, heard in told["answered"]]
    p50, p95 = percentiles(times)
    return Latency(p50, p95, len(times), told["filmed"])


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile; infinite without values."""
    if not values:
        return float("inf"), float("inf")
    p50, p95 = np.percentile(values, [50, 95])
    return float(p50), float(p95)
