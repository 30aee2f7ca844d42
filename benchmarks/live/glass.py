"""Glass to overlay: from frame taken to its overlay back at the booth, with a stand-in of 5 ms for the model."""

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from benchmarks.live import stage
from benchmarks.live.programs import Program
from benchmarks.live.rows import Row, at_most
from benchmarks.live.stage import Latency, latency
from benchmarks.progress import note

WEBRTC_GOAL_MS, ZEROMQ_GOAL_MS = 25.0, 16.0
FPS = 30.0
MODEL_MS = 5.0
_WARM_UP_S = 3.0


@dataclass(frozen=True)
class Run:
    """One run of one route."""

    latency: Latency
    server_ms: float
    """Processor time of the server per answered frame."""
    booth_ms: float


Route = Callable[[], AbstractAsyncContextManager[tuple[Program, Program]]]


async def measure(*, rounds: int = 3, seconds: float = 10.0) -> list[Row]:
    """Two rows, the median of rounds that alternate between the routes."""
    runs: dict[str, list[Run]] = {"WebRTC": [], "ZeroMQ": []}
    for number in range(rounds):
        for place, (name, route) in enumerate((("WebRTC", _webrtc), ("ZeroMQ", _zeromq))):
            note(f"glass to overlay, {name}", (number + place / 2) / rounds)
            runs[name].append(await _run(route, seconds))
    return [
        _row("glass to overlay over WebRTC, p95", runs["WebRTC"], WEBRTC_GOAL_MS, "VP8"),
        _row(
            "glass to overlay as JPEG over ZeroMQ, p95",
            runs["ZeroMQ"],
            ZEROMQ_GOAL_MS,
            "JPEG 85 with CURVE",
        ),
    ]


async def _run(route: Route, seconds: float) -> Run:
    async with route() as (server, booth):
        await asyncio.sleep(min(_WARM_UP_S, seconds))
        await booth.ask("collect")
        before = server.cpu_s(), booth.cpu_s()
        await asyncio.sleep(seconds)
        spent = server.cpu_s() - before[0], booth.cpu_s() - before[1]
        seen = latency(await booth.ask("collect"))
    per_frame = [1000 * time / max(seen.answered, 1) for time in spent]
    return Run(seen, *per_frame)


@asynccontextmanager
async def _webrtc() -> AsyncIterator[tuple[Program, Program]]:
    async with stage.plane(model_ms=MODEL_MS) as (server, doors), stage.booth(doors, FPS) as booth:
        yield server, booth


@asynccontextmanager
async def _zeromq() -> AsyncIterator[tuple[Program, Program]]:
    async with stage.jpeg_plane(model_ms=MODEL_MS) as (server, doors), stage.booth(doors, FPS) as booth:
        yield server, booth


def _row(name: str, runs: list[Run], goal_ms: float, codec: str) -> Row:
    middle = sorted(runs, key=lambda run: run.latency.p95_ms)[len(runs) // 2]
    p95 = statistics.median(run.latency.p95_ms for run in runs)
    context = (
        f"1280x720 at {FPS:g} frames/s, {codec}, loopback, stand-in of {MODEL_MS:g} ms for the model; {middle.latency.text}; "
        f"processor per frame: server {middle.server_ms:.1f}, booth {middle.booth_ms:.1f} ms; median of {len(runs)}"
    )
    return at_most(f"{name}, 720p30", p95, "ms", goal_ms, context)
