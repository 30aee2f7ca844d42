"""`python -m benchmarks.profile [--minutes 10]`: a demo's visit and its live picture under py-spy, process by process.

Writes the tables of docs/explanation/performance.md, and which callbacks held an event loop up for more than 20 ms.
"""

import argparse
import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.progress import track

from benchmarks.live.programs import ROOT, program
from benchmarks.profile import costs, page
from dermabooth.demo import default_station_config, processes
from server.access import Scope, Tokens
from server.config import ServerConfig
from station.config import StationConfig

MINUTES = 10.0
RATE_HZ = 47
"""Samples per second, few enough to leave the processes alone; a prime, to keep out of step with frames."""
UP_LIMIT_S = 300.0
_LOOK_S = 5.0
_END_LIMIT_S = 60.0


@dataclass(frozen=True)
class Running:
    """The demo's processes by role, and a viewer's door."""

    pids: dict[str, int]
    url: str
    token: str


async def profile(minutes: float, folder: Path) -> list[page.Profiled]:
    """Sample every process of a demo for so long, beginning before its visit."""
    stalls = folder / "stalls"
    stalls.mkdir()
    async with _demo(folder, stalls) as running:
        recorders = {role: await _record(role, pid, folder) for role, pid in running.pids.items()}
        async with program("benchmarks.live.watchers") as viewers:
            await viewers.ask("join", name="one", url=running.url, token=running.token)
            before = {role: _cpu_s(pid) for role, pid in running.pids.items()}
            memory = await _watch_memory(running.pids, minutes)
            busy = {role: (_cpu_s(pid) - before[role]) / (60 * minutes) for role, pid in running.pids.items()}
        for role, recorder in recorders.items():
            recorder.send_signal(signal.SIGINT)
            if await asyncio.wait_for(recorder.wait(), _END_LIMIT_S):
                raise RuntimeError(f"py-spy did not record {role}; it needs the right to trace (ptrace)")
        return [
            page.Profiled(
                role,
                costs.read(folder / f"{role}.raw"),
                memory[role],
                page.read_stalls(stalls / str(pid)),
                busy[role],
                minutes,
            )
            for role, pid in running.pids.items()
        ]


@contextlib.asynccontextmanager
async def _demo(folder: Path, stalls: Path) -> AsyncIterator[Running]:
    data, log = folder / "demo", folder / "demo.log"
    settings = ServerConfig.load(data=data / "server")
    with log.open("wb") as output:
        demo = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "dermabooth", "demo", "--data", str(data)),
            stdout=output,
            stderr=output,
            env={**os.environ, **_watched(stalls)},
        )
    try:
        yield await processes.wait_up("demo", log, lambda: _running(data, settings), UP_LIMIT_S)
    finally:
        demo.terminate()
        await asyncio.wait_for(demo.wait(), _END_LIMIT_S)


def _watched(stalls: Path) -> dict[str, str]:
    """The environment in which every Python process writes down what held its event loop up."""
    watching = Path(__file__).parent / "watch"
    return {
        "PYTHONPATH": os.pathsep.join([str(watching), str(ROOT)]),
        "DERMABOOTH_STALLS": str(stalls),
    }


def _running(data: Path, settings: ServerConfig) -> Running | None:
    """The demo's processes once all have said that they are up."""
    files = {
        "live": settings.run / "live.json",
        "work": settings.run / "work.json",
        "station": data / "station" / "run" / "station.json",
    }
    told = {role: processes.read_announcement(path, 0) for role, path in files.items()}
    if not all(told.values()):
        return None
    pids = {role: _pid(one) for role, one in told.items()}
    return Running(pids, *_door(settings, str((told["live"] or {})["http"])))


def _pid(told: dict[str, Any] | None) -> int:
    assert told is not None
    return int(told["pid"])


def _door(settings: ServerConfig, live: str) -> tuple[str, str]:
    """Where a viewer watches the demo's booth, and with which token."""
    booth = StationConfig.load(default_station_config()).booth_id
    token = Tokens.open(settings.keys).issue("profile", [Scope.READ])
    return f"{live}/whep/{booth}?sync=exact", token


async def _record(role: str, pid: int, folder: Path) -> asyncio.subprocess.Process:
    arguments = [
        *("record", "--pid", str(pid), "--rate", str(RATE_HZ), "--duration", "unlimited"),
        *("--format", "raw", "--full-filenames", "--function", "--output", str(folder / f"{role}.raw")),
    ]
    return await asyncio.create_subprocess_exec(
        str(Path(sys.executable).parent / "py-spy"),
        *arguments,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )


async def _watch_memory(pids: dict[str, int], minutes: float) -> dict[str, list[float]]:
    """Resident memory of each, MB, every few seconds."""
    found: dict[str, list[float]] = {role: [] for role in pids}
    for _ in track(range(round(60 * minutes / _LOOK_S)), "sampling"):
        await asyncio.sleep(_LOOK_S)
        for role, pid in pids.items():
            found[role].append(psutil.Process(pid).memory_info().rss / 1e6)
    return found


def _cpu_s(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Run it and write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    parser.add_argument("--minutes", type=float, default=MINUTES, help="how long, the visit included")
    parser.add_argument("--write", action="store_true", help="write the tables into the page")
    options = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="profile-") as name:
        found = asyncio.run(profile(options.minutes, Path(name)))
    for one in found:
        console.print(page.table(one))
    if options.write:
        page.write(found, ROOT / "docs" / "explanation" / "performance.md")


if __name__ == "__main__":
    main()
