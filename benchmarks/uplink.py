"""A 24 MP still over CURVE: what acknowledgement costs beyond sending and writing, and what the server's memory does.

Sender, server and the receiver of the bare transfer are processes of their own.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import zmq
import zmq.asyncio

from server.ingest import Ingest
from server.store import Archive, Store
from station.protocol import (
    CHUNK_BYTES,
    CREDIT,
    Exposure,
    Frame,
    FrameHeader,
    Light,
    LightingRecipe,
    LightStep,
    ServerMessage,
    StillStored,
    View,
    VisitOpened,
    VisitProtocol,
    Welcome,
    new_uid,
)
from station.still import TakenStill
from station.transport import KeyPair, Spool, ZeroMqUplink, load_key, open_keys

WIDTH, HEIGHT = 6000, 4000
STILL_BYTES = WIDTH * HEIGHT * 3
RATIO_GOAL = 1.3
GROWTH_GOAL = 2.0
ROUNDS = 9
ARRIVING = 10
BOOTH = "bench"

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


def enrol(workdir: Path) -> None:
    """Make the folders of server and station, and let the station in."""
    workdir.mkdir(parents=True, exist_ok=True)
    keys = open_keys(workdir / "station")
    (workdir / "server" / "booths").mkdir(parents=True)
    (workdir / "server" / "booths" / f"{BOOTH}.key").write_bytes(keys.public)


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


@contextmanager
def process(role: str, workdir: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A process of this module with this role; it ends with the context."""
    command = [sys.executable, "-m", "benchmarks.uplink", role, str(workdir), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(told: "subprocess.Popen[str]") -> str:
    """The next line that a process says; raises `RuntimeError` if it ended."""
    assert told.stdout is not None
    text = told.stdout.readline().strip()
    if not text:
        raise RuntimeError(f"a process of the benchmark ended with {told.wait()}")
    return text


# The processes


async def _serve(workdir: Path) -> None:
    data = workdir / "server"
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}", steps=("held",))
    archive = Archive(data / "archive")
    greeting = Welcome(server="bench")
    async with Ingest(
        "tcp://127.0.0.1:*", data / "keys", data / "booths", store, archive, lambda _booth: greeting
    ) as ingest:
        print(ingest.endpoint, flush=True)
        await ingest.wait()


def _sink(workdir: Path) -> None:
    """Receive bare transfers into nothing."""
    keys = open_keys(workdir / "sink")
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
    socket.curve_server = True
    socket.curve_publickey, socket.curve_secretkey = keys.public, keys.secret
    print(f"tcp://127.0.0.1:{socket.bind_to_random_port('tcp://127.0.0.1')}", flush=True)
    while True:
        identity, _hello = socket.recv_multipart()
        socket.send_multipart([identity, bytes([CREDIT])])
        received = 0
        while received < STILL_BYTES:
            received += len(socket.recv_multipart(copy=False)[1])
            socket.send_multipart([identity, b"\1" if received < STILL_BYTES else b"\0"])


def _transfer(endpoint: str, keys: KeyPair, server_key: bytes, data: memoryview) -> float:
    """Seconds until the sink has every chunk; the connection stands before."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
        socket.curve_serverkey = server_key
        socket.curve_publickey, socket.curve_secretkey = keys.public, keys.secret
        socket.connect(endpoint)
        socket.send(b"hello")
        credit, offset = socket.recv()[0], 0
        started = time.perf_counter()
        while True:
            for _ in range(credit):
                if offset < len(data):
                    socket.send(data[offset : offset + CHUNK_BYTES], copy=False)
                    offset += CHUNK_BYTES
            credit = socket.recv()[0]
            if credit == 0:
                return time.perf_counter() - started


def _write(folder: Path, data: memoryview) -> float:
    """Seconds to make the bytes durable under a new name."""
    partial, path = folder / "partial", folder / "written"
    started = time.perf_counter()
    with open(partial, "wb", buffering=0) as file:
        for start in range(0, len(data), CHUNK_BYTES):
            file.write(data[start : start + CHUNK_BYTES])
        os.fsync(file.fileno())
    partial.rename(path)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    elapsed = time.perf_counter() - started
    path.unlink()
    return elapsed


class _Station:
    """A booth with an open visit, and its uplink."""

    def __init__(self, spool: Spool, study: str) -> None:
        self.spool = spool
        self.stored = asyncio.Event()
        self._study = study
        self._taken = 0

    def hear(self, message: ServerMessage) -> None:
        if isinstance(message, StillStored):
            self.stored.set()

    async def take(self, pixels: "np.ndarray[Any, np.dtype[np.uint8]]") -> None:
        self._taken += 1
        still = TakenStill(
            frame=Frame(FrameHeader(frame_id=self._taken, width=WIDTH, height=HEIGHT), pixels),
            sop_instance_uid=new_uid(),
            series_instance_uid=new_uid(),
            study_instance_uid=self._study,
            series_number=1,
            instance_number=self._taken,
        )
        await self.spool.put(still)


async def _open_station(workdir: Path) -> _Station:
    spool, visit = Spool.open(workdir / "spool"), a_visit()
    await spool.open_visit(visit)
    return _Station(spool, visit.study_instance_uid)


@asynccontextmanager
async def _connected(workdir: Path, endpoint: str, station: _Station) -> AsyncIterator[ZeroMqUplink]:
    uplink = ZeroMqUplink(
        endpoint,
        booth_id=BOOTH,
        software="bench",
        keys=open_keys(workdir / "station"),
        server_key=load_key(workdir / "server" / "keys" / "server.key"),
        spool=station.spool,
        on_message=station.hear,
    )
    async with uplink:
        while not uplink.state.connected:
            await asyncio.sleep(0.01)
        yield uplink


def a_visit() -> VisitOpened:
    """A visit of one white picture."""
    step = LightStep(light=Light.WHITE, power=1.0, exposure=Exposure(time_s=0.01))
    recipe = LightingRecipe(name="bench", steps=(step,))
    protocol = VisitProtocol(name="bench", views=(View.FRONT,), recipe=recipe)
    return VisitOpened(study_instance_uid=new_uid(), opened_at=time.time(), protocol=protocol)


def a_picture() -> "np.ndarray[Any, np.dtype[np.uint8]]":
    """24 MP of noise, which nothing can pack."""
    return np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


async def _time(workdir: Path, endpoint: str, sink: str) -> None:
    """Print the times of each round; transfer, write and still take turns, so that load meets all alike."""
    keys, sink_key = open_keys(workdir / "station"), load_key(workdir / "sink" / "booth.key")
    pixels = a_picture()
    data = pixels.data.cast("B")
    station = await _open_station(workdir)
    async with _connected(workdir, endpoint, station) as uplink:
        times = [
            {
                "transfer": await asyncio.to_thread(_transfer, sink, keys, sink_key, data),
                "write": await asyncio.to_thread(_write, workdir, data),
                "stored": await _time_still(station, uplink, pixels),
            }
            for _ in range(ROUNDS + 1)
        ]
    await station.spool.close()
    print(json.dumps(times[1:]), flush=True)


async def _time_still(
    station: _Station, uplink: ZeroMqUplink, pixels: "np.ndarray[Any, np.dtype[np.uint8]]"
) -> float:
    station.stored.clear()
    await station.take(pixels)
    started = time.perf_counter()
    uplink.notify()
    await station.stored.wait()
    elapsed = time.perf_counter() - started
    while station.spool.pending():
        await asyncio.sleep(0.01)
    return elapsed


async def _ten(workdir: Path, endpoint: str) -> None:
    station = await _open_station(workdir)
    pixels = a_picture()
    for _ in range(ARRIVING):
        await station.take(pixels)
    print("taken", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    async with _connected(workdir, endpoint, station):
        while station.spool.pending():
            await asyncio.sleep(0.005)
    await station.spool.close()


def _main(role: str, workdir: Path, *endpoints: str) -> None:
    match role:
        case "server":
            asyncio.run(_serve(workdir))
        case "sink":
            _sink(workdir)
        case "time":
            asyncio.run(_time(workdir, *endpoints))
        case "ten":
            asyncio.run(_ten(workdir, endpoints[0]))
        case _:
            for row in asyncio.run(measure(workdir)):
                print(row)


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
