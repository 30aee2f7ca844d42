"""What one more viewer of a booth costs the server."""

import asyncio
import statistics
from dataclasses import dataclass

from benchmarks.live import stage
from benchmarks.live.programs import Answer, Program, program
from benchmarks.live.rows import Row, at_most, plain
from benchmarks.progress import note

GOAL_MS = 0.25
VIEWERS = (1, 4, 8, 16)
FPS = 30.0
_WARM_UP_S = 1.5


@dataclass(frozen=True)
class Load:
    """The server with so many viewers, over some seconds."""

    viewers: int
    cpu_s: float
    frames: int
    """Frames that all viewers got together."""
    fewest: int
    """Frames of the viewer that got fewest."""
    due: int
    """Frames that the booth sent."""
    overlay_bytes: float = 0.0
    """Mean size of an overlay that a viewer got."""


async def measure(*, rounds: int = 3, seconds: float = 8.0) -> list[Row]:
    """Two rows: viewers as the page is one, and such that want no overlays."""
    rows = []
    for place, overlays in enumerate((True, False)):
        costs, last = [], list[Load]()
        for number in range(rounds):
            note("viewers" if overlays else "viewers without overlays", (place + number / rounds) / 2)
            last = await _run(seconds, overlays)
            costs.append(per_viewer_frame_ms(last))
        rows.append(_row(statistics.median(costs), last, overlays, rounds))
    return rows


def per_viewer_frame_ms(loads: list[Load]) -> float:
    """Processor time that each frame of each viewer beyond the first costs, between the fewest and the most viewers."""
    first, last = loads[0], loads[-1]
    per_sent = [1000 * load.cpu_s / load.due for load in (first, last)]
    extra = last.frames / last.due - first.frames / first.due
    return (per_sent[1] - per_sent[0]) / extra


async def _run(seconds: float, overlays: bool) -> list[Load]:
    async with (
        stage.plane(model_ms=5.0, draws=True) as (server, doors),
        program("benchmarks.live.replay", fps=FPS) as booths,
        program("benchmarks.live.watchers") as viewers,
    ):
        await booths.ask("join", name=stage.BOOTH, **doors.whip())
        await _live(server)
        loads, joined = [], 0
        for wanted in VIEWERS:
            while joined < wanted:
                joined += 1
                said = await viewers.ask("join", name=str(joined), overlays=overlays, **doors.whep())
                if not said["up"]:
                    raise RuntimeError(f"a viewer of the benchmark could not join: {said['why']}")
            await asyncio.sleep(min(_WARM_UP_S, seconds))
            loads.append(await _load(server, viewers, wanted, seconds))
    return loads


async def _live(server: Program) -> None:
    async with asyncio.timeout(20):
        while not (await server.ask("state"))["live"]:
            await asyncio.sleep(0.05)


async def _load(server: Program, viewers: Program, count: int, seconds: float) -> Load:
    before, cpu = await _counts(server, viewers), server.cpu_s()
    await asyncio.sleep(seconds)
    spent, after = server.cpu_s() - cpu, await _counts(server, viewers)
    got = [there - here for here, there in zip(before["frames"], after["frames"], strict=True)]
    due = max(after["received"] - before["received"], 1)
    size = after["overlay_bytes"] / max(after["overlays"], 1)
    return Load(count, spent, sum(got), min(got), due, size)


async def _counts(server: Program, viewers: Program) -> Answer:
    return {**await viewers.ask("count"), **await server.ask("state")}


def _row(cost_ms: float, loads: list[Load], overlays: bool, rounds: int) -> Row:
    last = loads[-1]
    shares = ", ".join(f"{1000 * load.cpu_s / load.due:.2f} with {load.viewers}" for load in loads)
    wanted = (
        f"frames held for overlays of {last.overlay_bytes:.0f} bytes" if overlays else "no overlays wanted"
    )
    context = (
        f"720p{FPS:g} VP8 forwarded, {wanted}; server's "
        f"processor ms per frame of the booth, decoding included: {shares}; of {last.due} frames each of {last.viewers} "
        f"viewers got at least {last.fewest}; median of {rounds}"
    )
    name = "server's processor time per extra viewer-frame of a booth already watched"
    if overlays:
        return at_most(name, cost_ms, "ms", GOAL_MS, context, 3)
    return plain(f"{name}, frames alone", cost_ms, "ms", context, 3)
