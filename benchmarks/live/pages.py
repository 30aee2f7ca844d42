"""The server's pages and live plane in a process of its own; the overlay of each frame shows the frame's number."""

import asyncio
import time
from pathlib import Path

import cv2
import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from benchmarks.live import programs, scene, stamp
from dermabooth import resources
from server.access import Tokens
from server.api import ApiParts, ApiSettings, EventHub, HubBoard, make_api, whep, whip
from server.api.signalling import LIVE
from server.live import Analysis, LiveHub
from server.store import Archive, Store
from station.protocol import Box, Face, Layer


async def marked(_booth: str, rgb: NDArray[np.uint8]) -> Analysis:
    """After 5 ms: redness in those of 16 stripes across the lower half whose bits are set in the painted number."""
    began = time.perf_counter()
    height, width = rgb.shape[:2]
    bits = np.array([stamp.number_in(rgb) >> bit & 1 for bit in range(stamp.BITS)], np.uint8)
    redness = np.zeros((height, width), np.uint8)
    redness[height // 2 :] = 255 * bits[np.arange(width) * stamp.BITS // width]
    await asyncio.sleep(0.005)
    spent_ms = (time.perf_counter() - began) * 1000
    return Analysis(Face(box=Box(0, 0, width, height)), {Layer.REDNESS: redness}, spent_ms)


async def _main(*, keys: str) -> None:
    folder = Path(keys)
    store = Store.open(f"sqlite:///{folder / 'dermabooth.db'}", steps=["held"])
    try:
        async with LiveHub(marked) as hub:
            board = EventHub(HubBoard(hub))
            parts = ApiParts(
                ApiSettings(resources.web()), Tokens.open(folder), store, Archive(folder / "archive"), board
            )
            app = make_api(parts, [*whip.routes(), *whep.routes()])
            app[LIVE] = hub
            runner = web.AppRunner(app, shutdown_timeout=2.0)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            programs.say(url=f"http://127.0.0.1:{runner.addresses[0][1]}")
            await programs.answer({"numbers": lambda: {"length": scene.LENGTH}})
            await runner.cleanup()
    finally:
        await store.close()


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
