"""A day without the server: how fast the booth's backlog leaves, and whether the next patient's stills wait for it.

Server and booth are processes of their own, on one machine and one disk.
"""

import asyncio
import itertools
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import uplink
from station.protocol import Frame, FrameHeader, ServerMessage, StillStored, VisitClosed, new_uid
from station.transport import Spool, Still, ZeroMqUplink, load_key, open_keys

SLOWER_GOAL = 1.2
VISITS, STILLS_EACH = 8, 4
"""What a booth takes while it is alone."""
TIMED = 8
"""Stills of which each is timed, alone and while the backlog leaves."""
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
    """Two rows; needs 7 GB of disk below `workdir`, about 40 seconds."""
    return await asyncio.to_thread(_measure, workdir)


def _measure(workdir: Path) -> list[Row]:
    uplink.enrol(workdir)
    with uplink.process("server", workdir) as server:
        endpoint = uplink.line(server)
        command = [sys.executable, "-m", "benchmarks.alone", str(workdir), endpoint]
        said = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, timeout=300).stdout
    return _rows(msgspec.json.decode(said.splitlines()[-1], type=Day))


def _rows(day: Day) -> list[Row]:
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
            f"{1000 * meanwhile:.0f} and {1000 * alone:.0f} ms; server on the same machine and disk",
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
        still = Still(
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


async def _day(workdir: Path, endpoint: str) -> Day:
    booth = _Booth(workdir)
    for _ in range(VISITS):
        await booth.visit(STILLS_EACH)
    alone = await booth.visit(TIMED, PACE_S)
    stored: list[str] = []
    server = ZeroMqUplink(
        endpoint,
        booth_id=uplink.BOOTH,
        software="bench",
        keys=open_keys(workdir / "station"),
        server_key=load_key(workdir / "server" / "keys" / "server.key"),
        spool=booth.spool,
        on_message=lambda message: _note(message, stored),
    )
    async with server:
        while not server.state.connected:
            await asyncio.sleep(0.01)
        started = time.perf_counter()
        meanwhile = await booth.visit(TIMED, PACE_S)
        server.notify()
        while booth.spool.pending():
            await asyncio.sleep(0.01)
        drained_s = time.perf_counter() - started
    await booth.spool.close()
    return Day(
        kept=len(booth.taken),
        alone=tuple(seconds for seconds, _ in alone),
        meanwhile=tuple(seconds for number, (seconds, older) in enumerate(meanwhile) if older > number),
        drained_s=drained_s,
        in_order=stored == booth.taken,
    )


if __name__ == "__main__":
    _workdir, _endpoint = sys.argv[1:]
    print(json.dumps(msgspec.to_builtins(asyncio.run(_day(Path(_workdir), _endpoint)))))
