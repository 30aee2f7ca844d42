"""More frames than the model can take: how old overlays are, and what the server holds, as time goes on."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.live import stage
from benchmarks.live.programs import Answer, Program
from benchmarks.live.rows import Row, at_most
from benchmarks.live.stage import percentiles
from benchmarks.progress import note

GOAL_MS = 120.0
FLAT_GOAL = 1.25
GROWTH_GOAL_MB = 8.0
MODEL_MS, FPS = 60.0, 30.0
AFTER_S = (5.0, 10.0, 20.0, 60.0)
WINDOW_S = 4.0
"""Latencies are those of the overlays that came back in so long before."""


@dataclass(frozen=True)
class Point:
    """What it is like after so long."""

    after_s: float
    p50_ms: float
    p95_ms: float
    memory_mb: float


async def measure(*, rounds: int = 3, seconds: float = 60.0) -> list[Row]:
    """Three rows of the median round, about a minute each; `seconds` under 60 leaves the later points out."""
    after = tuple(one for one in AFTER_S if one <= max(seconds, AFTER_S[0]))
    runs = []
    for number in range(rounds):
        note("overload", number / rounds)
        runs.append(await _run(after))
    runs.sort(key=lambda points: max(point.p95_ms for point in points))
    return _rows(runs[len(runs) // 2], len(runs))


async def _run(after: tuple[float, ...]) -> list[Point]:
    async with stage.plane(model_ms=MODEL_MS) as (server, doors), stage.booth(doors, FPS) as booth:
        return await over_time(server, booth, after)


async def over_time(server: Program, booth: Program, after: Sequence[float]) -> list[Point]:
    """A server's latency and memory so many seconds after its booth's first answer."""
    memory = []
    loop = asyncio.get_running_loop()
    began = loop.time()
    first = await booth.ask("collect")
    zero = min(taken for _, taken, _ in first["answered"])
    for moment in after:
        await asyncio.sleep(began + moment - loop.time())
        memory.append(server.memory_mb())
    told = await booth.ask("collect")
    told["answered"] = first["answered"] + told["answered"]
    return [
        Point(moment, *window(told, zero + moment), held) for moment, held in zip(after, memory, strict=True)
    ]


def window(told: Answer, end: float) -> tuple[float, float]:
    """Median and 95th percentile, ms, of what came back in the `WINDOW_S` before `end`, s since the epoch."""
    return percentiles(
        [1000 * (heard - taken) for _, taken, heard in told["answered"] if end - WINDOW_S < heard <= end]
    )


def curve(points: list[Point]) -> str:
    """The points for a row's context."""
    return ", ".join(f"{point.p50_ms:.0f}/{point.p95_ms:.0f} after {point.after_s:g} s" for point in points)


def _rows(points: list[Point], rounds: int) -> list[Row]:
    worst = max(point.p95_ms for point in points)
    held = ", ".join(f"{point.memory_mb:.0f} after {point.after_s:g} s" for point in points)
    context = (
        f"stand-in of {MODEL_MS:g} ms for the model, one booth at {FPS:g} frames/s, VP8 over WebRTC; "
        f"p50/p95 {curve(points)}; median of {rounds}"
    )
    first, last = points[0], points[-1]
    return [
        at_most("glass to overlay under overload, p95 at any time, 720p30", worst, "ms", GOAL_MS, context),
        at_most(
            f"p95 under overload after {last.after_s:g} s / after {first.after_s:g} s",
            last.p95_ms / first.p95_ms,
            "ratio",
            FLAT_GOAL,
            "1: it does not grow",
            2,
        ),
        at_most(
            "growth of the server under overload",
            last.memory_mb - first.memory_mb,
            "MB",
            GROWTH_GOAL_MB,
            f"resident MB: {held}",
        ),
    ]
