"""The processes of the benchmark of the uplink: server, sending booth, and a receiver of bare transfers.

`python -m benchmarks.uplink_processes ROLE FOLDER [ENDPOINT…]`; what a process has to tell are lines of its output.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
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
ROUNDS = 9
ARRIVING = 10
BOOTH = "bench"


def enrol(workdir: Path) -> None:
    """Make the folders of server and station, and let the station in."""
    workdir.mkdir(parents=True, exist_ok=True)
    keys = open_keys(workdir / "station")
    (workdir / "server" / "booths").mkdir(parents=True)
    (workdir / "server" / "booths" / f"{BOOTH}.key").write_bytes(keys.public)


@contextmanager
def process(role: str, workdir: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A process of this module with this role; it ends with the context."""
    command = [sys.executable, "-m", "benchmarks.uplink_processes", role, str(workdir), *arguments]
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


if __name__ == "__main__":
    _main(sys.argv[1], Path(sys.argv[2]), *sys.argv[3:])
