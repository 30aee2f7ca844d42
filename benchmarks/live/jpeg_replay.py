"""Booths that send the same JPEG pictures over and over by ZeroMQ, so that one core feeds many of them."""

import asyncio
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import zmq
import zmq.asyncio

from benchmarks.live import programs, scene
from benchmarks.live.booth import Notes
from station.protocol import decode_overlay
from station.transport import open_keys
from station.transport.jpeg_preview import QUALITY

_QUEUE = 2  # as the product's booth


def _coded(number: int) -> bytes:
    bgr = cv2.cvtColor(scene.picture(number), cv2.COLOR_RGB2BGR)
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


class _Booths:
    def __init__(self, fps: float, frames: Sequence[bytes]) -> None:
        self._context = zmq.asyncio.Context()
        self._fps = fps
        self._frames = frames
        self._notes: dict[str, Notes] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, name: str, endpoint: str, server_key: str, keys: str, offset_s: float) -> None:
        """A booth more, whose frames are due `offset_s` after full ticks of the rate."""
        own, notes = open_keys(Path(keys)), Notes()
        self._notes[name] = notes
        socket: zmq.asyncio.Socket = self._context.socket(zmq.DEALER)
        socket.curve_serverkey = server_key.encode()
        socket.curve_publickey, socket.curve_secretkey = own.public, own.secret
        socket.set_hwm(_QUEUE)
        socket.connect(endpoint)
        began = math.ceil(time.monotonic()) + offset_s
        jobs = (self._send(socket, notes, began), _listen(socket, notes))
        self._tasks += [asyncio.create_task(job) for job in jobs]

    async def _send(self, socket: zmq.asyncio.Socket, notes: Notes, began: float) -> None:
        number = 0
        while True:
            await asyncio.sleep(max(0.0, began + number / self._fps - time.monotonic()))
            notes.film(number, time.time())
            message = [number.to_bytes(8), self._frames[number % len(self._frames)]]
            with suppress(zmq.Again):
                await socket.send_multipart(message, zmq.DONTWAIT)
            number += 1

    def collect(self) -> dict[str, Any]:
        """What each booth noted since it was last asked."""
        return {"booths": {name: notes.collect() for name, notes in self._notes.items()}}

    async def close(self) -> None:
        """All leave."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._context.destroy(linger=0)


async def _listen(socket: zmq.asyncio.Socket, notes: Notes) -> None:
    while True:
        (message,) = await socket.recv_multipart()
        notes.answer(decode_overlay(message).overlay.frame_id)


async def _main(*, fps: float) -> None:
    booths = _Booths(fps, [_coded(number) for number in range(scene.LENGTH)])
    programs.say(up=True)
    await programs.answer({"join": booths.join, "collect": booths.collect})
    await booths.close()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
