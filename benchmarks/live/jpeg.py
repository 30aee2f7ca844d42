"""Previews as JPEG over ZeroMQ with CURVE: how the benchmark sends them, to hold WebRTC against it.

The product sends previews by WebRTC alone. This route has what a fair one needs: the newest frame of each booth wins,
booths take turns, the overlay is made by the product's own code, and both ends prove their keys.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import zmq
import zmq.asyncio
from numpy.typing import NDArray

from benchmarks.live import programs
from benchmarks.live.plane import StandIn
from server.live import Analysis
from server.live.scheduler import FairScheduler
from server.overlay import build_overlay
from station.protocol import PreviewOverlay, decode_overlay, encode_overlay

QUALITY = 85
ANALYSED = (640, 360)
_IN_FLIGHT = 4
_QUEUE = 4  # frames that the sockets may hold per booth
Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class _Waiting:
    name: bytes
    number: int
    jpeg: bytes


class JpegServer:
    """Receives, decodes, analyses and answers; use it as an async context manager."""

    def __init__(self, analyse: Callable[[str, Picture], Awaitable[Analysis]]) -> None:
        self._analyse = analyse
        self._context = zmq.asyncio.Context()
        self._scheduler: FairScheduler[_Waiting] = FairScheduler()
        self._executor = ThreadPoolExecutor(2, thread_name_prefix="jpeg")
        self._tasks: list[asyncio.Task[None]] = []
        self.public, self._secret = zmq.curve_keypair()
        self.endpoint = ""

    async def __aenter__(self) -> "JpegServer":
        self._socket: zmq.asyncio.Socket = self._context.socket(zmq.ROUTER)
        self._socket.linger = 0
        self._socket.set_hwm(_QUEUE)
        self._socket.curve_server = True
        self._socket.curve_secretkey, self._socket.curve_publickey = self._secret, self.public
        port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        self.endpoint = f"tcp://127.0.0.1:{port}"
        jobs = [self._receive(), *(self._work() for _ in range(_IN_FLIGHT))]
        self._tasks = [asyncio.create_task(job) for job in jobs]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self._executor.shutdown(cancel_futures=True)
        self._context.destroy(linger=0)

    async def _receive(self) -> None:
        while True:
            name, number, jpeg = await self._socket.recv_multipart()
            self._scheduler.put(name.hex(), _Waiting(name, int.from_bytes(number), jpeg))

    async def _work(self) -> None:
        while True:
            booth, waiting = await self._scheduler.next()
            try:
                await self._answer(booth, waiting)
            finally:
                self._scheduler.done(booth)

    async def _answer(self, booth: str, waiting: _Waiting) -> None:
        loop = asyncio.get_running_loop()
        rgb, size = await loop.run_in_executor(self._executor, _decoded, waiting.jpeg)
        face, layers, model_ms = await self._analyse(booth, rgb)
        overlay = build_overlay(waiting.number, *size, face, layers, model="bench/1", inference_ms=model_ms)
        message = encode_overlay(PreviewOverlay(rtp_timestamp=0, overlay=overlay))
        with suppress(zmq.Again):
            await self._socket.send_multipart([waiting.name, message], zmq.DONTWAIT)


def _decoded(jpeg: bytes) -> tuple[Picture, tuple[int, int]]:
    """As large as the product analyses it, and the size it had."""
    bgr = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert bgr is not None
    small = cv2.resize(bgr, ANALYSED, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2RGB), np.uint8), (bgr.shape[1], bgr.shape[0])


def coded(rgb: Picture) -> bytes:
    """The JPEG that a booth sends."""
    options = [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
    return cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), options)[1].tobytes()


class JpegBooth:
    """A booth's connection; a frame that the socket has no room for is not sent."""

    def __init__(
        self, context: zmq.asyncio.Context, endpoint: str, server_key: bytes, hear: Callable[..., None]
    ) -> None:
        """`hear` gets each `Overlay`."""
        self._socket: zmq.asyncio.Socket = context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.set_hwm(_QUEUE)
        self._socket.curve_serverkey = server_key
        self._socket.curve_publickey, self._socket.curve_secretkey = zmq.curve_keypair()
        self._socket.connect(endpoint)
        self._hear = hear

    async def send(self, number: int, jpeg: bytes) -> bool:
        """Send a frame; False if there was no room."""
        try:
            await self._socket.send_multipart([number.to_bytes(4), jpeg], zmq.DONTWAIT, copy=False)
        except zmq.Again:
            return False
        return True

    async def listen(self) -> None:
        """Hear overlays until cancelled."""
        while True:
            (message,) = await self._socket.recv_multipart()
            self._hear(decode_overlay(message).overlay)


async def _main(*, model_ms: float = 5.0) -> None:
    async with JpegServer(StandIn(model_ms, inspects=False)) as server:
        programs.say(endpoint=server.endpoint, key=server.public.decode())
        await programs.answer({"time": lambda: {"time": time.time()}})


if __name__ == "__main__":
    cv2.setNumThreads(1)
    _given: dict[str, Any] = programs.settings()
    asyncio.run(_main(**_given))
