"""A booth's live overlay while four 24 MP stills of another booth arrive and are analysed, against its idle self.

Server (its processes and Triton), watched booth and sending booth are programs of their own.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.live import BoothRun, run_booth
from dermabooth.commands.booth import allow
from dermabooth.demo.processes import program, read_announcement
from phantom import CameraModel, Identity, shade, trace
from server.access import Scope, Tokens
from server.config import ServerConfig
from server.ingest import open_server_keys
from server.store import Store, WorkState
from station.protocol import (
    Exposure,
    Frame,
    FrameHeader,
    Light,
    LightingRecipe,
    LightStep,
    View,
    VisitClosed,
    VisitOpened,
    VisitProtocol,
    new_uid,
)
from station.transport import Spool, Still, ZeroMqUplink, load_key, open_keys

GOAL = 2.0
WIDTH, HEIGHT = 6000, 4000
STILLS = 4
IDLE_S, BUSY_S = 15.0, 30.0
WATCHED, SENDING = "watched", "sending"
START_LIMIT_S = 90.0

Row = dict[str, Any]


async def measure() -> list[Row]:
    """One row; about two minutes and 3 GB of disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with _server(folder) as (settings, door):
            idle = await run_booth(*door, seconds=IDLE_S)
            study, sender = await _prepare(folder, settings)
            try:
                busy = await run_booth(*door, seconds=BUSY_S, counting=lambda: _go(sender))
                progress = await _progress(settings, study)
            finally:
                if sender.returncode is None:
                    sender.kill()
                await sender.wait()
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
async def _server(folder: Path) -> AsyncIterator[tuple[ServerConfig, tuple[str, str]]]:
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


def _go(sender: asyncio.subprocess.Process) -> None:
    assert sender.stdin is not None
    sender.stdin.write(b"go\n")


async def _prepare(folder: Path, settings: ServerConfig) -> tuple[str, asyncio.subprocess.Process]:
    """The Study Instance UID of a visit and the booth that sends it at a word, its stills in the spool."""
    allow(settings.booths, SENDING, open_keys(folder / "station").public.decode())
    open_server_keys(settings.keys)
    endpoint = (read_announcement(settings.run / "work.json", 0) or {})["capture"]
    sender = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "benchmarks.interference",
            str(folder),
            endpoint,
            str(settings.keys / "server.key"),
        ),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert sender.stdout is not None
    study = (await sender.stdout.readline()).decode().strip()
    return study, sender


async def _progress(settings: ServerConfig, study: str) -> str:
    store = Store.open(settings.database_url)
    try:
        arrived = len(await store.stills(study))
        done = sum(status.state == WorkState.DONE for status in await store.work(study))
    finally:
        await store.close()
    return f"{arrived} of {STILLS} stills arrived, {done} analysis steps done"


async def _be_the_sender(folder: Path, endpoint: str, server_key: Path) -> None:
    pixels = _picture()
    spool = Spool.open(folder / "spool")
    visit = _visit()
    await spool.open_visit(visit)
    stills = [await _take(spool, visit, number, pixels) for number in range(1, STILLS + 1)]
    closed = VisitClosed(
        study_instance_uid=visit.study_instance_uid,
        closed_at=time.time(),
        stills=tuple(stills),
        complete=True,
    )
    await spool.close_visit(closed)
    print(visit.study_instance_uid, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    uplink = ZeroMqUplink(
        endpoint,
        booth_id=SENDING,
        software="bench",
        keys=open_keys(folder / "station"),
        server_key=load_key(server_key),
        spool=spool,
        on_message=lambda _message: None,
    )
    async with uplink:
        while spool.pending():
            await asyncio.sleep(0.1)
    await spool.close()


def _visit() -> VisitOpened:
    step = LightStep(light=Light.WHITE, power=1.0, exposure=Exposure(time_s=0.01))
    recipe = LightingRecipe(name="bench", steps=(step,))
    protocol = VisitProtocol(name="bench", views=(View.FRONT,), recipe=recipe)
    return VisitOpened(study_instance_uid=new_uid(), opened_at=time.time(), protocol=protocol)


async def _take(spool: Spool, visit: VisitOpened, number: int, pixels: NDArray[np.uint8]) -> str:
    header = FrameHeader(
        frame_id=number,
        width=WIDTH,
        height=HEIGHT,
        light=Light.WHITE,
        view=View.FRONT,
        captured_at=time.time(),
    )
    still = Still(
        frame=Frame(header, pixels),
        sop_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        study_instance_uid=visit.study_instance_uid,
        series_number=number,
        instance_number=1,
    )
    await spool.put(still)
    return still.sop_instance_uid


def _picture() -> NDArray[np.uint8]:
    scene = shade(trace(Identity.sample(3, "light", demo=True), WIDTH // 8, HEIGHT // 8), "white")
    picture = CameraModel().expose(scene.linear, seed=3).srgb
    large = cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(large, np.uint8)


if __name__ == "__main__":
    asyncio.run(_be_the_sender(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
