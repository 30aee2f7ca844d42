"""A day without the server: how fast the booth's backlog leaves, and whether the next patient's stills wait for it.

Server and booth are processes of their own on one machine. The server keeps what arrives in memory where there is room,
for its disk is not the booth's.
"""

import asyncio
import contextlib
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import disk_usage
from typing import Any

import msgspec
import psutil

from benchmarks import uplink_processes as uplink
from station.protocol import Frame, FrameHeader, ServerMessage, StillStored, VisitClosed, new_uid
from station.still import TakenStill
from station.transport import Spool, ZeroMqUplink, load_key, open_keys

SLOWER_GOAL = 1.2
VISITS, STILLS_EACH = 6, 4
"""What a booth takes while it is alone."""
TIMED = 8
"""Stills of which each is timed, alone and while the backlog leaves."""
_MEMORY = Path("/dev/shm")
PACE_S = 0.5
"""Time between two timed stills, as lights need to settle."""

Row = dict[str, Any]


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """What the booth measured; times in seconds from a still in hand to a still safe on disk."""

    kept: int
    alone: tuple[float, ...]
    meanwhile: tuple[float, ...]
    """Of stills taken while the backlog left, from beginning to end."""
    drained_s: float
    """From the first connection to an empty spool."""
    in_order: bool
    """The server stored every still once, in the order they were taken."""


async def measure(workdir: Path) -> list[Row]:
    """Two rows; needs 3 GB of disk below `workdir` and as much memory, or twice the disk; about 40 seconds."""
    with _elsewhere() as memory:
        return await asyncio.to_thread(_measure, workdir, memory)


@contextlib.contextmanager
def _elsewhere() -> Iterator[Path | None]:
    """A folder in memory; None where there is not twice the room that is needed."""
    needed = 2 * (VISITS * STILLS_EACH + 2 * TIMED) * uplink.STILL_BYTES
    if not _MEMORY.is_dir() or min(psutil.virtual_memory().available, disk_usage(_MEMORY).free) < needed:
        yield None
        return
    with tempfile.TemporaryDirectory(dir=_MEMORY) as folder:
        yield Path(folder)


def _measure(workdir: Path, memory: Path | None) -> list[Row]:
    workdir.mkdir(parents=True, exist_ok=True)
    if memory is not None:
        (workdir / "server").symlink_to(memory)
    uplink.enrol(workdir)
    with uplink.process("server", workdir) as server:
        endpoint = uplink.line(server)
        command = [sys.executable, "-m", "benchmarks.alone", str(workdir), endpoint]
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=300).stdout
    kept = "in memory" if memory is not None else "on the same disk"
    return _rows(
        msgspec.json.decode(said.splitlines()[-1], type=Day), f"the server on the same machine, {kept}"
    )


def _rows(day: Day, server: str) -> list[Row]:
    alone, meanwhile = statistics.median(day.alone), statistics.median(day.meanwhile or (float("inf"),))
    ratio, rate = meanwhile / alone, day.kept * uplink.STILL_BYTES / day.drained_s / 1e6
    order = "every one arrived once, in order" if day.in_order else "NOT every one arrived once, in order"
    return [
        {
            "name": "24 MP still safe on the booth's disk while a backlog leaves / alone",
            "value": round(ratio, 2),
            "unit": "ratio",
            "goal": SLOWER_GOAL,
            "met": ratio <= SLOWER_GOAL and day.in_order,
            "context": f"medians of {len(day.meanwhile)} and {len(day.alone)} stills {PACE_S:g} s apart: "
            f"{1000 * meanwhile:.0f} and {1000 * alone:.0f} ms; {server}",
        },
        {
            "name": "a day without the server leaves the booth at",
            "value": round(rate, 1),
            "unit": "MB/s",
            "goal": None,
            "met": None,
            "context": f"{day.kept} stills of 24 MP kept, {len(day.meanwhile)} of them meanwhile; {order}",
        },
    ]


# The booth


class _Booth:
    """Takes stills into its spool and times each."""

    def __init__(self, workdir: Path) -> None:
        self.spool = Spool.open(workdir / "spool")
        self.taken: list[str] = []
        self._pixels = uplink.a_picture()
        self._numbers = itertools.count(1)

    async def visit(self, stills: int, pace_s: float = 0.0) -> list[tuple[float, int]]:
        """For each still of a visit: seconds to be safe on disk, and how many older ones were waiting then."""
        opened = uplink.a_visit()
        await self.spool.open_visit(opened)
        told = [await self._take(opened.study_instance_uid, pace_s) for _ in range(stills)]
        await self.spool.close_visit(
            VisitClosed(
                study_instance_uid=opened.study_instance_uid,
                closed_at=time.time(),
                stills=tuple(self.taken[-stills:]),
                complete=True,
            )
        )
        return told

    async def _take(self, study: str, pace_s: float) -> tuple[float, int]:
        await asyncio.sleep(pace_s)
        number = next(self._numbers)
        header = FrameHeader(frame_id=number, width=uplink.WIDTH, height=uplink.HEIGHT)
        still = TakenStill(
            frame=Frame(header, self._pixels),
            sop_instance_uid=new_uid(),
            series_instance_uid=new_uid(),
            study_instance_uid=study,
            series_number=1,
            instance_number=number,
        )
        started = time.perf_counter()
        await self.spool.put(still)
        elapsed = time.perf_counter() - started
        self.taken.append(still.sop_instance_uid)
        return elapsed, len(self.spool.pending()) - 1


def _note(message: ServerMessage, stored: list[str]) -> None:
    if isinstance(message, StillStored):
        stored.append(message.sop_instance_uid)


@contextlib.asynccontextmanager
async def _connected(
    workdir: Path, endpoint: str, spool: Spool, stored: list[str]
) -> AsyncIterator[ZeroMqUplink]:
    """The booth's way to the server, which adds to `stored` what the server has."""
    server = ZeroMqUplink(
        endpoint,
        booth_id=uplink.BOOTH,
        software="bench",
        keys=open_keys(workdir / "station"),
        server_key=load_key(workdir / "server" / "keys" / "server.key"),
        spool=spool,
        on_message=lambda message: _note(message, stored),
    )
    async with server:
        while not server.state.connected:
            await asyncio.sleep(0.01)
        yield server


async def _day(workdir: Path, endpoint: str) -> Day:
    booth = _Booth(workdir)
    # Half of them before and half after, so that a disk that changes its pace meets both sides alike.
    alone = await booth.visit(TIMED // 2, PACE_S)
    for _ in range(VISITS):
        await booth.visit(STILLS_EACH)
    stored: list[str] = []
    async with _connected(workdir, endpoint, booth.spool, stored) as server:
        started = time.perf_counter()
        meanwhile = await booth.visit(TIMED, PACE_S)
        server.notify()
        while booth.spool.pending():
            await asyncio.sleep(0.01)
        drained_s = time.perf_counter() - started
    taken = tuple(booth.taken)
    alone += await booth.visit(TIMED // 2, PACE_S)
    await booth.spool.close()
    return Day(
        kept=len(taken),
        alone=tuple(seconds for seconds, _ in alone),
        meanwhile=tuple(seconds for number, (seconds, older) in enumerate(meanwhile) if older > number),
        drained_s=drained_s,
        in_order=tuple(stored) == taken,
    )


if __name__ == "__main__":
    _workdir, _endpoint = sys.argv[1:]
    print(json.dumps(msgspec.to_builtins(asyncio.run(_day(Path(_workdir), _endpoint)))))
