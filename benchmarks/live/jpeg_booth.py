"""A booth that films and sends JPEG over ZeroMQ, in a process of its own."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import zmq.asyncio

from benchmarks.live import programs
from benchmarks.live.booth import Notes, film
from benchmarks.live.jpeg import JpegBooth, coded
from station.devices import LatestFrame


async def _send(source: LatestFrame, booth: JpegBooth, executor: ThreadPoolExecutor) -> None:
    loop, last = asyncio.get_running_loop(), -1
    while True:
        frame = await source.get(last)
        last = frame.header.frame_id
        await booth.send(
            last, await loop.run_in_executor(executor, coded, np.asarray(frame.pixels, np.uint8))
        )


async def _main(*, endpoint: str, key: str, fps: float) -> None:
    source, notes, context = LatestFrame(), Notes(), zmq.asyncio.Context()
    booth = JpegBooth(context, endpoint, key.encode(), notes.hear)
    with ThreadPoolExecutor(1) as executor:
        jobs = [film(source, notes, fps), _send(source, booth, executor), booth.listen()]
        tasks = [asyncio.create_task(job) for job in jobs]
        programs.say(up=True)
        await programs.answer({"collect": notes.collect})
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    context.destroy(linger=0)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
