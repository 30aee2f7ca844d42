"""The live plane of a benchmark in a process of its own, with a stand-in for the model.

The stand-in takes a given time and no processor, as a model in another process does. It says which number is painted
in the picture, so that whoever gets the overlay knows which frame it was made from. Where it `draws`, its overlays are
as large as the model's.
"""

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
from aiohttp import web
from numpy.typing import NDArray

from benchmarks.live import programs, scene, stamp
from benchmarks.live.link import Link
from server.access import Tokens
from server.api import whep, whip
from server.api.login import Sessions
from server.api.problems import problems
from server.api.routes import SESSIONS, access, add_routes
from server.api.signalling import LIVE
from server.config import ServerConfig
from server.live import Analyse, Analysis, LiveHub, LiveLimits
from station.protocol import Box, Face, Layer, Overlay

_WIDE = 1000
_FACE = Box(230, 60, 180, 240)
_MOVED = 65_536


class StandIn:
    """Answers every picture after `model_ms` with the number that is painted in it."""

    def __init__(self, model_ms: float, *, inspects: bool, draws: bool = False) -> None:
        self._model_s = model_ms / 1000
        self._inspects = inspects
        self._layers = _layers() if draws else {}
        self.seen: list[tuple[int, float, float]] = []
        """Number, time when the picture was there (s since the epoch), and damage, of each picture if it inspects."""

    async def __call__(self, booth: str, rgb: NDArray[np.uint8]) -> Analysis:
        """The left edge of the face carries the number, unless there are layers to draw."""
        began = time.perf_counter()
        number = stamp.number_in(rgb)
        if self._inspects:
            self.seen.append((number, time.time(), scene.damage(rgb, number)))
        await asyncio.sleep(self._model_s)
        box = _FACE if self._layers else Box(number, 0, _WIDE, 1)
        return Analysis(Face(box=box), self._layers, (time.perf_counter() - began) * 1000)

    def taken(self) -> dict[str, Any]:
        """What was seen since it was last asked."""
        seen, self.seen = self.seen, []
        return {"seen": seen}


def _layers() -> dict[Layer, NDArray[np.uint8]]:
    """Skin and maps of a face, for overlays as large as those of the model."""
    skin, noise = np.zeros((360, 640), np.uint8), np.random.default_rng(0)
    cv2.ellipse(skin, (320, 180), (90, 120), 0, 0, 360, (255,), cv2.FILLED)
    smooth = [cv2.resize(noise.integers(0, 96, (12, 21), np.uint8), (640, 360)) for _ in range(3)]
    maps = zip((Layer.MELANIN, Layer.REDNESS, Layer.REFLECTION), smooth, strict=True)
    return {Layer.SKIN: skin, **{layer: np.asarray(values, np.uint8) for layer, values in maps}}


def number_of(overlay: Overlay) -> int:
    """The number that the stand-in read, whatever size its picture had."""
    box = overlay.faces[0].box
    return round(box.x * _WIDE / box.width) % _MOVED


@asynccontextmanager
async def live_plane(
    analyse: Analyse, keys: Path, limits: LiveLimits | None = None
) -> AsyncIterator[tuple[LiveHub, str]]:
    """A live plane on loopback in this process, and its address; tokens are signed by the secret in `keys`."""
    async with LiveHub(analyse, limits=limits) as hub:
        gc.freeze()  # as the server does
        app = web.Application(middlewares=[problems, access])
        app[SESSIONS], app[LIVE] = Sessions(Tokens.open(keys)), hub
        add_routes(app, [*whip.routes(), *whep.routes()])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield hub, f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


def _usage() -> dict[str, Any]:
    """What this process holds now."""
    itself = psutil.Process()
    return {
        "tasks": len(asyncio.all_tasks()),
        "threads": threading.active_count(),
        "sockets": len(itself.net_connections(kind="inet")),
        "files": itself.num_fds(),
        "rss": itself.memory_info().rss,
    }


@asynccontextmanager
async def _jpeg_door(hub: LiveHub, data: Path) -> AsyncIterator[dict[str, str]]:
    """Where booths that are enrolled in `data` send JPEG, and the server's key."""
    from server.app.jpeg import jpeg_door  # the whole server's rooms, which WebRTC alone does not need
    from server.ingest import open_server_keys

    config = ServerConfig.load(data=data, live={"jpeg": "tcp://127.0.0.1:*"})
    config.keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with jpeg_door(hub, config) as door:
        assert door is not None
        yield {"endpoint": door.endpoint, "server_key": open_server_keys(config.keys).public.decode()}


@asynccontextmanager
async def _no_door() -> AsyncIterator[dict[str, str]]:
    yield {}


async def _main(
    *, keys: str, model_ms: float = 5.0, inspects: bool = False, draws: bool = False, jpeg: str = ""
) -> None:
    """`jpeg` is the server's data folder if booths may send JPEG."""
    link, stand_in = Link(seed=2), StandIn(model_ms, inspects=inspects, draws=draws)
    link.lay()
    async with (
        live_plane(stand_in, Path(keys)) as (hub, url),
        _jpeg_door(hub, Path(jpeg)) if jpeg else _no_door() as door,
    ):

        def state() -> dict[str, Any]:
            booths = hub.state().booths
            return {
                "received": sum(one.received for one in booths),
                "given_up": sum(one.lost_packets_given_up for one in booths),
                "forwarded": sum(viewer.forwarded for one in booths for viewer in one.viewers),
                "dropped": sum(viewer.dropped for one in booths for viewer in one.viewers),
                "viewers": sum(len(one.viewers) for one in booths),
                "live": sum(one.live for one in booths),
            }

        programs.say(url=url, **door)
        commands: dict[str, Callable[..., Any]] = {
            "link": link.set,
            "seen": stand_in.taken,
            "state": state,
            "usage": _usage,
        }
        await programs.answer(commands)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    asyncio.run(_main(**programs.settings()))
