"""Booths that send the same JPEG pictures over and over by ZeroMQ, so that one core feeds many of them."""

import asyncio
import math
import time
from collections.abc import Sequence
from typing import Any

import cv2
import zmq.asyncio

from benchmarks.live import programs, scene
from benchmarks.live.booth import Notes
from benchmarks.live.jpeg import JpegBooth, coded


class _Booths:
    def __init__(self, endpoint: str, key: str, fps: float, frames: Sequence[bytes]) -> None:
        self._context = zmq.asyncio.Context()
        self._endpoint, self._key = endpoint, key.encode()
        self._fps = fps
        self._frames = frames
        self._notes: dict[str, Notes] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def join(self, name: str, offset_s: float) -> None:
        notes = self._notes[name] = Notes()
        booth = JpegBooth(self._context, self._endpoint, self._key, notes.hear)
        jobs = (self._send(booth, notes, math.ceil(time.monotonic()) + offset_s), booth.listen())
        self._tasks += [asyncio.create_task(job) for job in jobs]

    async def _send(self, booth: JpegBooth, notes: Notes, began: float) -> None:
        number = 0
        while True:
            await asyncio.sleep(max(0.0, began + number / self._fps - time.monotonic()))
            notes.film(number, time.time())
            await booth.send(number, self._frames[number % len(self._frames)])
            number += 1

    def collect(self) -> dict[str, Any]:
        return {"booths": {name: notes.collect() for name, notes in self._notes.items()}}

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._context.destroy(linger=0)


async def _main(*, endpoint: str, key: str, fps: float) -> None:
    booths = _Booths(endpoint, key, fps, [coded(scene.picture(number)) for number in range(scene.LENGTH)])
    programs.say(up=True)
    await programs.answer({"join": booths.join, "collect": booths.collect})
    await booths.close()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
