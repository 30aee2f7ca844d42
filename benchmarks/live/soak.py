"""`python -m benchmarks.live.soak [--minutes 30]`: booths and viewers join and leave a live plane all the time.

Each round a booth that sends pictures joins and the one that has been there longest leaves; viewers likewise. What the
plane holds is read before, meanwhile and when all have left. A run of 30 minutes or more is written to
`benchmarks/soak.json`; exit status 1 if anything grew.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks import report
from benchmarks.live import stage
from benchmarks.live.programs import ROOT, Answer, Program, program
from benchmarks.live.rows import Row, at_least, at_most
from benchmarks.live.stage import Doors

MINUTES = 30.0
EVERY_S = 2.0
"""Between two rounds."""
GOAL_MB = 1.0
"""Growth of the resident memory per 100 joins."""
FPS = 5.0
_NAMES = 6  # booths come back under the names that they had
_BOOTHS, _VIEWERS = 3, 4  # at the same time
_FIRST_ROUNDS = 8  # before anything is compared: threads, caches and buffers are made once
_SETTLE_S = 6.0
_SAMPLE_ROUNDS = 3
_UNFITTED = 0.2  # share of the time at the beginning in which memory still finds its level
_FILE = ROOT / "benchmarks" / "soak.json"
_HELD = ("tasks", "threads", "sockets", "files")


@dataclass
class Churn:
    """Booths and viewers that come and go."""

    doors: Doors
    booths: Program
    viewers: Program
    joins: int = 0
    failed: int = 0
    _here: deque[str] = field(default_factory=deque)
    _watching: deque[str] = field(default_factory=deque)
    _round: int = 0

    async def round(self) -> None:
        """A booth and a viewer more; those that were there longest leave."""
        self._round += 1
        name = f"booth{self._round % _NAMES}"
        await self._join(self.booths, name, self.doors.whip(name))
        self._here.append(name)
        if len(self._here) > _BOOTHS:
            await self.booths.ask("leave", name=self._here.popleft())
        watcher, watched = f"viewer{self._round}", self._here[self._round % len(self._here)]
        sync = "exact" if self._round % 2 else "now"
        await self._join(self.viewers, watcher, self.doors.whep(watched, sync))
        self._watching.append(watcher)
        if len(self._watching) > _VIEWERS:
            await self.viewers.ask("leave", name=self._watching.popleft())

    async def end(self) -> None:
        """All leave."""
        while self._watching:
            await self.viewers.ask("leave", name=self._watching.popleft())
        while self._here:
            await self.booths.ask("leave", name=self._here.popleft())

    async def _join(self, program: Program, name: str, door: dict[str, Any]) -> None:
        said = await program.ask("join", name=name, **door)
        self.joins += bool(said["up"])
        self.failed += not said["up"]


@dataclass(frozen=True)
class Soak:
    """What was found."""

    minutes: float
    joins: int
    failed: int
    before: Answer
    after: Answer
    samples: tuple[tuple[int, float], ...]
    """Joins so far, and resident memory of the plane in MB."""

    @property
    def slope_mb(self) -> float:
        """Growth per 100 joins, least squares over what comes after the beginning."""
        later = self.samples[round(_UNFITTED * len(self.samples)) :]
        if len(later) < 2 or later[0][0] == later[-1][0]:
            return 0.0
        joins, memory = np.array(later, float).T
        return float(100 * np.polyfit(joins, memory, 1)[0])

    def rows(self) -> list[Row]:
        """As the report has them."""
        context = (
            f"{self.minutes:g} minutes, {self.joins} joins, {_BOOTHS} booths at {FPS:g} frames/s and {_VIEWERS} "
            f"viewers at a time; resident {self.samples[0][1]:.0f} to {self.samples[-1][1]:.0f} MB"
        )
        slope = at_most(
            "live plane's resident memory per 100 joins", self.slope_mb, "MB", GOAL_MB, context, 2
        )
        left = [
            at_most(
                f"{what} left when all have gone",
                self.after[what] - self.before[what],
                what,
                0,
                f"{self.before[what]} before, {self.after[what]} after {self.joins} joins",
                0,
            )
            for what in _HELD
        ]
        asked = self.joins + self.failed
        share = 100 * self.joins / max(asked, 1)
        return [slope, *left, at_least("joins that came about", share, "%", 99, f"{self.joins} of {asked}")]


async def soak(minutes: float, console: Console) -> Soak:
    """Run it, with a progress bar."""
    async with (
        stage.plane(model_ms=5.0) as (server, doors),
        program("benchmarks.live.replay", fps=FPS) as booths,
        program("benchmarks.live.watchers") as viewers,
    ):
        with _progress(console) as progress:
            task = progress.add_task("", total=60 * minutes, said="the first joins")
            first = Churn(doors, booths, viewers)
            for _ in range(_FIRST_ROUNDS):
                await first.round()
            await first.end()
            before = await _settled(server)
            churn, samples = Churn(doors, booths, viewers), []
            async for number, spent in _rounds(minutes):
                await churn.round()
                if number % _SAMPLE_ROUNDS == 0:
                    samples.append((churn.joins, server.memory_mb()))
                said = f"{churn.joins} joins, {server.memory_mb():.0f} MB"
                progress.update(task, completed=spent, said=said)
            await churn.end()
            after = await _settled(server)
    return Soak(minutes, churn.joins, churn.failed, before, after, tuple(samples))


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("soak: {task.fields[said]:<30}"),
        BarColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


async def _rounds(minutes: float) -> AsyncIterator[tuple[int, float]]:
    """Number and beginning, s, of a round every `EVERY_S`; one that is overrun is left out."""
    number, began = 0, time.monotonic()
    while (spent := time.monotonic() - began) < 60 * minutes:
        await asyncio.sleep(max(0.0, number * EVERY_S - spent))
        yield number, spent
        number = max(number + 1, round(spent / EVERY_S))


async def _settled(server: Program) -> Answer:
    """What the plane holds once nobody is there any more."""
    async with asyncio.timeout(60):
        while (state := await server.ask("state"))["live"] or state["viewers"]:
            await asyncio.sleep(0.2)
    await asyncio.sleep(_SETTLE_S)
    return await server.ask("usage")


def main() -> None:
    """Soak, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--json", type=Path, help="write what was found here, however long it took")
    options = parser.parse_args()
    console = Console()
    found = asyncio.run(soak(options.minutes, console))
    told = {**report.results(found.rows()), "minutes": found.minutes, "samples": found.samples}
    report.show(told, console)
    path = options.json or (_FILE if options.minutes >= MINUTES else None)
    if path is not None:
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    sys.exit(not all(row["met"] for row in told["rows"]))


if __name__ == "__main__":
    main()
