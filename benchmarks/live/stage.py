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

BOOTH = "bench"


@dataclass(frozen=True)
class Doors:
    """Where booths publish and viewers watch, with the tokens for it."""

    url: str
    tokens: Tokens

    def whip(self, booth: str = BOOTH) -> dict[str, Any]:
        """`url` and `token` for a booth."""
        return {"url": f"{self.url}/whip/{booth}", "token": self.tokens.issue(booth, [Scope.PUBLISH])}

    def whep(self, booth: str = BOOTH, sync: str = "exact") -> dict[str, Any]:
        """`url` and `token` for a viewer."""
        return {
            "url": f"{self.url}/whep/{booth}?sync={sync}",
            "token": self.tokens.issue("viewer", [Scope.READ]),
        }


@asynccontextmanager
async def plane(
    module: str = "benchmarks.live.plane", **settings: Any
) -> AsyncIterator[tuple[Program, Doors]]:
    """A live plane with the settings of `module`."""
    with tempfile.TemporaryDirectory() as keys:
        tokens = Tokens.open(Path(keys))
        async with program(module, keys=keys, **settings) as server:
            yield server, Doors(server.told["url"], tokens)


@asynccontextmanager
async def booth(doors: Doors, fps: float) -> AsyncIterator[Program]:
    """A filming booth, once its first overlay is back."""
    async with program("benchmarks.live.booth", fps=fps, **doors.whip()) as running:
        yield running


@dataclass(frozen=True)
class Latency:
    """From frame taken to overlay back."""

    p50_ms: float
    p95_ms: float
    answered: int
    filmed: int
    mistaken: int
    """Overlays that told the number of another frame."""

    @property
    def text(self) -> str:
        """In a row's context."""
        return f"p50 {self.p50_ms:.1f}, p95 {self.p95_ms:.1f} ms, {self.answered} of {self.filmed} frames"


def latency(told: Answer) -> Latency:
    """Of what a booth collected; infinite where nothing came back."""
    times = [1000 * (heard - taken) for _, taken, heard in told["answered"]]
    p50, p95 = percentiles(times)
    return Latency(p50, p95, len(times), told["filmed"], told["mistaken"])


def percentiles(values: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile; infinite without values."""
    if not values:
        return float("inf"), float("inf")
    p50, p95 = np.percentile(values, [50, 95])
    return float(p50), float(p95)
