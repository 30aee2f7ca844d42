"""A 24 MP still over CURVE: what acknowledgement costs beyond sending and writing, and what the server's memory does.

Sender, server and the receiver of the bare transfer are processes of their own.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.uplink_processes import ARRIVING, STILL_BYTES, enrol, line, process

RATIO_GOAL = 1.3
GROWTH_GOAL = 2.0

Row = dict[str, Any]


async def measure(workdir: Path) -> list[Row]:
    """Rows of time per still and of the server's growth; needs 2 GB below `workdir`, about 30 seconds."""
    return await asyncio.to_thread(_measure, workdir)


def _measure(workdir: Path) -> list[Row]:
    enrol(workdir)
    with process("server", workdir) as server, process("sink", workdir) as sink:
        endpoints = [line(server), line(sink)]
        # Growth first: a server that has received stills before would hide in its baseline what they cost.
        with process("ten", workdir, *endpoints) as station:
            line(station)
            growth, rate = _growth(server, station)
        with process("time", workdir, *endpoints) as station:
            times = json.loads(line(station))
    return [
        _ratio(times),
        *_parts(times),
        _growth_row(growth),
        _row("ten stills in a row", rate, "MB/s", None, ""),
    ]


def _ratio(times: list[dict[str, float]]) -> Row:
    median = {key: statistics.median(each[key] for each in times) for key in times[0]}
    value = median["stored"] / (median["transfer"] + median["write"])
    context = "24 MP, 8 bit: acknowledged / (CURVE transfer alone + fsynced write alone), of medians"
    return _row("24 MP still to acknowledged, against its parts", value, "ratio", RATIO_GOAL, context)


def _parts(times: list[dict[str, float]]) -> list[Row]:
    names = {
        "transfer": "24 MP over CURVE alone",
        "write": "24 MP fsynced write alone",
        "stored": "24 MP still offered to acknowledged",
    }
    return [
        _row(name, statistics.median(each[key] for each in times) * 1000, "ms", None, "median of rounds")
        for key, name in names.items()
    ]


def _growth_row(growth: float) -> Row:
    context = f"{ARRIVING} stills of 24 MP arrive, nothing analyses them; peak resident set minus that before"
    return _row("growth of the server while stills arrive", growth, "stills", GROWTH_GOAL, context)


def _row(name: str, value: float, unit: str, goal: float | None, context: str) -> Row:
    met = None if goal is None else value <= goal
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "goal": goal,
        "met": met,
        "context": context,
    }


def _growth(server: "subprocess.Popen[str]", station: "subprocess.Popen[str]") -> tuple[float, float]:
    """Growth in stills, and MB/s, while the station empties its spool."""
    process = psutil.Process(server.pid)
    before = peak = process.memory_info().rss
    started = time.perf_counter()
    assert station.stdin is not None
    print("go", file=station.stdin, flush=True)
    while station.poll() is None:
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.005)
    elapsed = time.perf_counter() - started
    return (peak - before) / STILL_BYTES, ARRIVING * STILL_BYTES / elapsed / 1e6


if __name__ == "__main__":
    for row in asyncio.run(measure(Path(sys.argv[1]))):
        print(row)
