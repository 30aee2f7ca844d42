"""Other servers beside this one, in one run, with the same frames, the same sender and the same stand-in for the model.

They draw on the picture and send it back as video, as they are made to; a frame is answered when the picture with its
number, drawn a second time by the peer, is back at the booth. Each runs in an environment of its own: `make peers`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.live import stage
from benchmarks.live.glass import FPS, MODEL_MS
from benchmarks.live.overload import AFTER_S, Point, curve, over_time
from benchmarks.live.overload import MODEL_MS as OVERLOAD_MS
from benchmarks.live.programs import ROOT, Program, program
from benchmarks.live.rows import Row, at_most, missing, plain
from benchmarks.live.stage import Latency, latency
from benchmarks.progress import note

SHIPPED_GOAL, PATCHED_GOAL, CPU_GOAL = 0.3, 0.8, 0.4
_OVERLOAD_S = 20.0
_WARM_UP_S = 2.0
_DELAY = (
    "most of the gap to a peer as shipped is aiortc's receive rule, which releases a frame when the next one begins: one "
    "frame interval each way with this client, one way with a browser"
)


@dataclass(frozen=True)
class Peer:
    """One server that is compared."""

    name: str
    module: str = ""
    environment: str = ""
    policy: bool = False
    """With this product's receive policy at both ends."""

    @property
    def python(self) -> Path:
        """Of its environment."""
        return ROOT / f".venv-peer-{self.environment}" / "bin" / "python"

    @property
    def there(self) -> bool:
        """Whether it can be run."""
        return not self.environment or (self.python.parents[1] / ".ready").exists()


OWN = Peer("dermabooth")
PEERS = (
    Peer("FastRTC as shipped", "benchmarks.live.peer_fastrtc", "fastrtc"),
    Peer("FastRTC with the same receive policy", "benchmarks.live.peer_fastrtc", "fastrtc", policy=True),
    Peer("aiortc's server example pattern", "benchmarks.live.peer_aiortc", "aiortc"),
)


@dataclass(frozen=True)
class Run:
    """One run of one server."""

    latency: Latency
    cpu_ms: float
    """Processor time of the server per answered frame."""
    memory_mb: float


async def measure(*, rounds: int = 3, seconds: float = 10.0, overload_s: float = _OVERLOAD_S) -> list[Row]:
    """Rows of latency and processor time against each peer, and the curve of each under overload."""
    there = [peer for peer in (OWN, *PEERS) if peer.there]
    runs: dict[str, list[Run]] = {peer.name: [] for peer in there}
    failed: dict[str, str] = {peer.name: "its environment is not made: make peers" for peer in PEERS}
    for number in range(rounds):
        for place, peer in enumerate(there):
            note(peer.name, 0.7 * (number + place / len(there)) / rounds)
            await _into(runs[peer.name], failed, peer, seconds)
    curves = await _curves(there, failed, overload_s)
    rows = [row for peer in PEERS for row in _rows(peer, runs, failed)]
    return [*rows, *(_curve_row(peer, curves, failed) for peer in (OWN, *PEERS))]


async def _into(runs: list[Run], failed: dict[str, str], peer: Peer, seconds: float) -> None:
    """A run more; a peer that fails is said so, and does not keep the others from being measured."""
    try:
        runs.append(await _run(peer, seconds))
    except RuntimeError as error:
        if peer is OWN:
            raise
        failed[peer.name] = str(error).splitlines()[0]


async def _run(peer: Peer, seconds: float) -> Run:
    async with _running(peer, MODEL_MS) as (server, booth):
        await asyncio.sleep(min(_WARM_UP_S, seconds))
        await booth.ask("collect")
        before = server.cpu_s()
        await asyncio.sleep(seconds)
        spent, seen = server.cpu_s() - before, latency(await booth.ask("collect"))
        return Run(seen, 1000 * spent / max(seen.answered, 1), server.memory_mb())


async def _curves(peers: list[Peer], failed: dict[str, str], seconds: float) -> dict[str, list[Point]]:
    found = {}
    for place, peer in enumerate(peers):
        note(f"{peer.name}, overload", 0.7 + 0.3 * place / len(peers))
        try:
            found[peer.name] = await _curve(peer, [one for one in AFTER_S if one <= seconds])
        except RuntimeError as error:
            failed[peer.name] = str(error).splitlines()[0]
    return found


async def _curve(peer: Peer, after: list[float]) -> list[Point]:
    async with _running(peer, OVERLOAD_MS) as (server, booth):
        return await over_time(server, booth, after)


@asynccontextmanager
async def _running(peer: Peer, model_ms: float) -> AsyncIterator[tuple[Program, Program]]:
    """A server and its booth."""
    if peer is OWN:
        async with stage.plane(model_ms=model_ms) as (server, doors), stage.booth(doors, FPS) as booth:
            yield server, booth
        return
    async with (
        program(peer.module, python=peer.python, model_ms=model_ms, policy=peer.policy) as server,
        program("benchmarks.live.peer_client", fps=FPS, policy=peer.policy, **server.told) as booth,
    ):
        yield server, booth


def _middle(runs: list[Run]) -> Run:
    return sorted(runs, key=lambda run: run.latency.p95_ms)[len(runs) // 2]


def _rows(peer: Peer, runs: dict[str, list[Run]], failed: dict[str, str]) -> list[Row]:
    """Latency and processor time of one peer."""
    late, busy = f"glass to overlay, p95 against {peer.name}", f"server's processor time against {peer.name}"
    if not runs.get(peer.name):
        return [missing(name, failed[peer.name]) for name in (late, busy)]
    own, other = _middle(runs[OWN.name]), _middle(runs[peer.name])
    setting = f"720p{FPS:g}, VP8, stand-in of {MODEL_MS:g} ms, median of {len(runs[peer.name])}"
    said = f"{own.latency.text} against {other.latency.text}; {setting}"
    goal = PATCHED_GOAL if peer.policy else SHIPPED_GOAL
    ratio = own.latency.p95_ms / other.latency.p95_ms
    return [
        at_most(late, ratio, "ratio", goal, said if peer.policy else f"{said}; {_DELAY}", 2),
        at_most(
            busy,
            own.cpu_ms / other.cpu_ms,
            "ratio",
            CPU_GOAL,
            f"{own.cpu_ms:.1f} against {other.cpu_ms:.1f} ms per answered frame, {own.memory_mb:.0f} against "
            f"{other.memory_mb:.0f} MB; {setting}",
            2,
        ),
    ]


def _curve_row(peer: Peer, curves: dict[str, list[Point]], failed: dict[str, str]) -> Row:
    name = f"glass to overlay under overload, p95 at the end, {peer.name}"
    if peer.name not in curves:
        return missing(name, failed[peer.name])
    points = curves[peer.name]
    context = (
        f"stand-in of {OVERLOAD_MS:g} ms at {FPS:g} frames/s; p50/p95 {curve(points)}; "
        f"{points[0].memory_mb:.0f} to {points[-1].memory_mb:.0f} MB resident"
    )
    return plain(name, points[-1].p95_ms, "ms", context, 0)
