"""A booth's live overlay while four 24 MP stills of another booth arrive and are analysed, against its idle self.

Server (its processes and Triton), watched booth and sending booth are programs of their own.
"""

import contextlib
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from benchmarks import sender
from benchmarks.live.model import BoothRun, run_booth
from dermabooth.demo.processes import program, read_announcement
from server.access import Scope, Tokens
from server.config import ServerConfig
from server.store import Store, WorkState

GOAL = 2.0
STILLS = 4
IDLE_S, BUSY_S = 15.0, 30.0
WATCHED = "watched"
START_LIMIT_S = 90.0

Row = dict[str, Any]


async def measure() -> list[Row]:
    """One row; about two minutes and 3 GB of disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with server(folder) as (settings, door):
            idle = await run_booth(*door, seconds=IDLE_S)
            study, booth = await sender.prepare(folder, settings, "four white")
            try:
                busy = await run_booth(*door, seconds=BUSY_S, counting=lambda: sender.send(booth))
                progress = await _progress(settings, study)
            finally:
                await sender.stop(booth)
    return [_row(idle, busy, progress)]


def _row(idle: BoothRun, busy: BoothRun, progress: str) -> Row:
    ratio = busy.p95_ms / idle.p95_ms
    return {
        "name": "live p95 while four 24 MP stills arrive and are analysed / idle",
        "value": round(ratio, 2),
        "unit": "ratio",
        "goal": f"<= {GOAL:g}",
        "met": ratio <= GOAL,
        "context": f"p95 {busy.p95_ms:.0f} against {idle.p95_ms:.0f} ms, p50 {busy.p50_ms:.0f} against "
        f"{idle.p50_ms:.0f} ms, {busy.rate:.1f} against {idle.rate:.1f} overlays/s; {progress} "
        f"in those {BUSY_S:.0f} s",
    }


@contextlib.asynccontextmanager
async def server(folder: Path) -> AsyncIterator[tuple[ServerConfig, tuple[str, str]]]:
    """A whole server in `folder`: its configuration, and address and token of the watched booth's door."""
    data = folder / "server"
    settings = ServerConfig.load(data=data)
    since = time.time()

    def up() -> dict[str, Any] | None:
        told = [read_announcement(settings.run / f"{role}.json", since) for role in ("live", "work")]
        return told[0] if all(told) else None

    arguments = ["server", "--data", str(data), "--http", "127.0.0.1:0", "--capture", "tcp://127.0.0.1:*"]
    async with program("server", arguments, folder / "server.log", up, START_LIMIT_S) as live:
        token = Tokens.open(settings.keys).issue(WATCHED, [Scope.PUBLISH])
        yield settings, (f"{live['http']}/whip/{WATCHED}", token)


async def _progress(settings: ServerConfig, study: str) -> str:
    store = Store.open(settings.database_url)
    try:
        arrived = len(await store.stills(study))
        done = sum(status.state == WorkState.DONE for status in await store.work(study))
    finally:
        await store.close()
    return f"{arrived} of {STILLS} stills arrived, {done} analysis steps done"
