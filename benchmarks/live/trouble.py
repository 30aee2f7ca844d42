"""Glass to overlay on a bad network: packets lost and delayed both ways, and an outage."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from benchmarks.live import scene, stage
from benchmarks.live.glass import FPS, MODEL_MS
from benchmarks.live.programs import Answer, Program
from benchmarks.live.rows import Row, at_most
from benchmarks.live.stage import Latency, latency, percentiles
from benchmarks.progress import note

GOAL_MS = 120.0
DELAY_MS, LOSS = 20.0, 0.05
OUTAGE_S, BACK_GOAL_S = 1.2, 0.5
_APART_S = 4.0
_WARM_UP_S = 3.0


@dataclass(frozen=True)
class Loss:
    """A run with loss and delay."""

    latency: Latency
    decoded_p95_ms: float
    """From frame taken to picture at the model."""
    corrupt: int


@dataclass(frozen=True)
class Outages:
    """A run with outages."""

    back_s: tuple[float, ...]
    """From the link's return to the first overlay of a frame that was taken after it."""
    corrupt: int
    pictures: int


async def measure(*, rounds: int = 3, seconds: float = 12.0) -> list[Row]:
    """Three rows; medians of rounds, the outages all counted."""
    losses, outages = [], []
    for number in range(rounds):
        note("loss and delay", number / rounds)
        losses.append(await _with_loss(seconds))
        note("outages", (number + 0.5) / rounds)
        outages.append(await _with_outages(1 if seconds < _APART_S else 3))
    return [_loss_row(losses), *_outage_rows(outages)]


async def _with_loss(seconds: float) -> Loss:
    async with (
        stage.plane(model_ms=MODEL_MS, inspects=True) as (server, doors),
        stage.booth(doors, FPS) as booth,
    ):
        await _set_link((server, booth), loss=LOSS, delay_ms=DELAY_MS)
        await asyncio.sleep(min(_WARM_UP_S, seconds))
        await _collect(server, booth)
        await asyncio.sleep(seconds)
        told, seen = await _collect(server, booth)
    there = {number: at for number, at, _ in seen["seen"]}
    decoded = [1000 * (there[number] - taken) for number, taken, _ in told["answered"] if number in there]
    return Loss(latency(told), percentiles(decoded)[1], _corrupt(told, seen))


async def _with_outages(count: int) -> Outages:
    """The link swallows everything for a while, `count` times."""
    back, returned = [], []
    async with (
        stage.plane(model_ms=MODEL_MS, inspects=True) as (server, doors),
        stage.booth(doors, FPS) as booth,
    ):
        both = (server, booth)
        await _set_link(both, delay_ms=DELAY_MS)
        await asyncio.sleep(_WARM_UP_S)
        await _collect(*both)
        for _ in range(count):
            await _set_link(both, dead=True)
            await asyncio.sleep(OUTAGE_S)
            await _set_link(both, delay_ms=DELAY_MS)
            returned.append(time.time())
            await asyncio.sleep(_APART_S)
        told, seen = await _collect(*both)
    for at in returned:
        heard = [answered for _, taken, answered in told["answered"] if taken >= at]
        back.append(min(heard, default=float("inf")) - at)
    return Outages(tuple(back), _corrupt(told, seen), len(seen["seen"]))


async def _set_link(programs: tuple[Program, Program], **how: Any) -> None:
    await asyncio.gather(*(program.ask("link", **how) for program in programs))


async def _collect(server: Program, booth: Program) -> tuple[Answer, Answer]:
    return await booth.ask("collect"), await server.ask("seen")


def _corrupt(told: Answer, seen: Answer) -> int:
    """Pictures that were not what was filmed, or under another's number."""
    damaged = [number for number, _, damage in seen["seen"] if damage > scene.DAMAGED]
    return int(told["mistaken"]) + len(damaged)


def _loss_row(runs: list[Loss]) -> Row:
    middle = sorted(runs, key=lambda run: run.latency.p95_ms)[len(runs) // 2]
    context = (
        f"every packet of both ways {DELAY_MS:g} ms late, {100 * LOSS:g} % of them lost; {middle.latency.text}; "
        f"taken to picture at the model p95 {middle.decoded_p95_ms:.1f} ms; {sum(run.corrupt for run in runs)} corrupt "
        f"pictures; median of {len(runs)}"
    )
    name = f"glass to overlay over WebRTC, {DELAY_MS:g} ms delay and {100 * LOSS:g} % loss, p95, 720p30"
    return at_most(name, middle.latency.p95_ms, "ms", GOAL_MS, context)


def _outage_rows(runs: list[Outages]) -> list[Row]:
    back = [one for run in runs for one in run.back_s]
    pictures = sum(run.pictures for run in runs)
    context = (
        f"{len(back)} outages of {OUTAGE_S:g} s on a link of {DELAY_MS:g} ms each way, {pictures} pictures"
    )
    return [
        at_most(
            "corrupt pictures after outages", sum(run.corrupt for run in runs), "pictures", 0, context, 0
        ),
        at_most(
            "overlays back after an outage, longest", max(back), "s", BACK_GOAL_S, f"{context}; 720p30", 2
        ),
    ]
