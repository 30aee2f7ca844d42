"""A live server whose analysis says which number it read in the frame: `server_process.py KEYS PORT`."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from aiohttp import web
from numpy.typing import NDArray

from server.access import Tokens
from server.api import metrics, whep, whip
from server.api.login import Sessions
from server.api.problems import problems
from server.api.rates import count_strangers, cross_origin
from server.api.routes import SESSIONS, access, add_routes
from server.api.signalling import LIVE
from server.live import Analysis, LiveHub
from station.protocol import Box, Face
from tests.integration.live.stamp import number_in


async def read_number(booth: str, rgb: NDArray[np.uint8]) -> Analysis:
    """The number as the left edge of the face."""
    return Analysis(Face(box=Box(number_in(rgb), 0, 8, 8)), {}, 1.0)


def make_app(hub: LiveHub, tokens: Tokens) -> web.Application:
    """The live plane's routes behind the access rules of the real application."""
    middlewares = [cross_origin, problems, count_strangers, access]
    app = web.Application(middlewares=middlewares, client_max_size=64 * 1024)
    app[SESSIONS], app[LIVE] = Sessions(tokens), hub
    add_routes(app, [*whip.routes(), *whep.routes(), *metrics.routes()])
    return app


async def serve(app: web.Application, port: int, ready: Callable[[int], None], stop: asyncio.Event) -> None:
    """Serve on loopback until `stop`."""
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    ready(runner.addresses[0][1])
    await stop.wait()
    await runner.cleanup()


async def main(keys: Path, port: int) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with LiveHub(read_number) as hub:
        await serve(make_app(hub, Tokens.open(keys)), port, lambda p: print(p, flush=True), stop)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
