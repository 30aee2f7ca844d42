"""How many booths a server on one core answers in time: decoded, and an overlay sent back."""

import asyncio
import os
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks.live import stage
from benchmarks.live.programs import Program, program
from benchmarks.live.rows import Row, at_least, missing
from benchmarks.live.stage import Doors, latency
from benchmarks.progress import note

LIMIT_MS = 60.0
ANSWERED = 0.95
"""Share of the frames whose overlays must come back."""
FPS = 15.0
VP8_GOAL, JPEG_GOAL = 8, 10
STEPS = (4, 6, 8, 10, 12, 16)
_WARM_UP_S = 2.0
_NAMES = {
    "VP8": "booths on one core over WebRTC, VP8 720p15, all within 60 ms p95",
    "JPEG": "booths on one core as JPEG over ZeroMQ, 720p15, all within 60 ms p95",
}


_Plane = Callable[..., AbstractAsyncContextManager[tuple[Program, Doors]]]


@dataclass(frozen=True)
class _Stand:
    """A server, its booths, and how one more of them joins."""

    server: Program
    booths: Program
    join: Callable[[int], Awaitable[None]]


@dataclass(frozen=True)
class Step:
    """So many booths at once."""

    booths: int
    worst_p95_ms: float
    """Of the booth that waits longest."""
    answered: float
    """Share of all frames."""
    core: float
    """Share of its core that the server used."""

    @property
    def holds(self) -> bool:
        """Whether every booth was answered in time."""
        return self.worst_p95_ms <= LIMIT_MS and self.answered >= ANSWERED


async def measure(*, rounds: int = 3, seconds: float = 8.0, steps: tuple[int, ...] = STEPS) -> list[Row]:
    """Two rows; needs two cores, one for the server, one for all booths."""
    if len(os.sched_getaffinity(0)) < 2:
        return [missing(name, "needs two cores") for name in _NAMES.values()]
    rows = []
    for place, (codec, goal) in enumerate((("VP8", VP8_GOAL), ("JPEG", JPEG_GOAL))):
        shares = [(place + number / rounds) / 2 for number in range(rounds)]
        rows.append(_row(codec, goal, [await _climb(codec, seconds, steps, share) for share in shares]))
    return rows


async def _climb(codec: str, seconds: float, steps: tuple[int, ...], share: float) -> list[Step]:
    """More and more booths until one has to wait."""
    found: list[Step] = []
    async with _ROUTES[codec]() as stand:
        joined = 0
        for wanted in steps:
            note(f"{wanted} booths, {codec}", share)
            while joined < wanted:
                await stand.join(joined)
                joined += 1
            found.append(await _step(stand.server, stand.booths, wanted, seconds))
            if not found[-1].holds:
                break
    return found


async def _step(server: Program, booths: Program, count: int, seconds: float) -> Step:
    await asyncio.sleep(min(_WARM_UP_S, seconds))
    await booths.ask("collect")
    before = server.cpu_s()
    await asyncio.sleep(seconds)
    spent = server.cpu_s() - before
    told = [latency(one) for one in (await booths.ask("collect"))["booths"].values()]
    answered = sum(one.answered for one in told) / max(sum(one.filmed for one in told), 1)
    return Step(count, max(one.p95_ms for one in told), answered, spent / seconds)


@asynccontextmanager
async def _stand(
    plane: _Plane, replay: str, door: Callable[[Doors, str], dict[str, Any]]
) -> AsyncIterator[_Stand]:
    """A server on one core and its booths on another."""
    core, other = _cores()
    async with (
        plane(model_ms=0.0, cores=[core]) as (server, doors),
        program(replay, fps=FPS, cores=[other]) as booths,
    ):

        async def join(number: int) -> None:
            name = f"booth{number}"
            await booths.ask("join", name=name, offset_s=_spread(number), **door(doors, name))

        yield _Stand(server, booths, join)


_ROUTES: dict[str, Callable[[], AbstractAsyncContextManager[_Stand]]] = {
    "VP8": partial(_stand, stage.plane, "benchmarks.live.replay", Doors.whip),
    "JPEG": partial(_stand, stage.jpeg_plane, "benchmarks.live.jpeg_replay", Doors.zeromq),
}


def _cores() -> tuple[int, int]:
    core, other, *_ = sorted(os.sched_getaffinity(0))
    return core, other


def _spread(number: int) -> float:
    """Cameras do not expose at the same moment: each booth's frames are due at a time of its own, s."""
    return number * 0.618 % 1 / FPS


def carried(steps: list[Step]) -> int:
    """The most booths that were all answered in time."""
    return max((step.booths for step in steps if step.holds), default=0)


def _row(codec: str, goal: int, runs: list[list[Step]]) -> Row:
    middle = sorted(runs, key=carried)[len(runs) // 2]
    steps = ", ".join(
        f"{step.booths} booths {step.worst_p95_ms:.0f} ms and {100 * step.core:.0f} % of the core"
        for step in middle
    )
    context = (
        f"server on one core, booths that replay coded frames on another; longest p95 of any booth: {steps}; "
    )
    value = statistics.median(carried(steps) for steps in runs)
    return at_least(_NAMES[codec], value, "booths", goal, f"{context}median of {len(runs)}", 0)
