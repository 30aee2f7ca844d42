"""STOW-RS over links and servers that are slow or stand still: what moves is waited for, what does not is given up."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web

from server.config.destinations import StowSection
from server.errors import DestinationUnavailable
from server.outbox import Fate, Parcel
from server.outbox.destinations.stow import StowDestination
from station.protocol import new_uid
from tests.fixtures.outbox_stores import picture
from tests.fixtures.parcels import packed, sent

pytestmark = pytest.mark.integration

TIMEOUT_S = 1.5
PIXELS = 6_000_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def pacs(handler: Handler, folder: Path) -> AsyncIterator[StowDestination]:
    """A destination whose server treats every request so, and keeps little of it in its buffers."""
    app = web.Application(client_max_size=1 << 30)
    app.router.add_post("/studies", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, lingering_time=0.0)
    await runner.setup()
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    door.bind(("127.0.0.1", 0))
    await web.SockSite(runner, door).start()
    url = f"http://127.0.0.1:{door.getsockname()[1]}"
    section = StowSection.model_validate(
        {"type": "stow", "name": "pacs", "url": url, "timeout_s": TIMEOUT_S, "most_instances": 4}
    )
    destination = StowDestination(section, folder / "run")
    try:
        yield destination
    finally:
        await destination.close()
        await runner.cleanup()


def parcels(folder: Path, number: int, size: int = 0) -> list[Parcel]:
    study, series = new_uid(), new_uid()
    return [packed(picture(study, series, new_uid(), size), folder) for _ in range(number)]


def everything_stored(of: list[Parcel]) -> web.Response:
    items = [{"00081155": {"vr": "UI", "Value": [one.sop_instance_uid]}} for one in of]
    return web.Response(body=json.dumps({"00081199": {"vr": "SQ", "Value": items}}).encode())


async def test_a_slow_link_takes_the_time_it_needs(tmp_path: Path) -> None:
    waiting = parcels(tmp_path, 4, PIXELS)
    loop = asyncio.get_running_loop()
    took = []

    async def handler(request: web.Request) -> web.Response:
        begun = loop.time()
        while piece := await request.content.readany():
            await asyncio.sleep(len(piece) / 8_000_000)
        took.append(loop.time() - begun)
        return everything_stored(waiting)

    async with pacs(handler, tmp_path) as destination:
        outcomes = await sent(destination, waiting)
    assert [one.fate for one in outcomes] == [Fate.STORED] * 4
    assert took[0] > TIMEOUT_S  # or the link was not slow


async def test_a_link_that_stands_still_is_given_up(tmp_path: Path) -> None:
    over = asyncio.Event()
    waiting = parcels(tmp_path, 4, PIXELS)

    async def handler(request: web.Request) -> web.Response:
        await request.content.readany()
        await over.wait()
        return web.Response()

    async with pacs(handler, tmp_path) as destination:
        try:
            async with asyncio.timeout(3 * TIMEOUT_S):  # however many objects the request has
                with pytest.raises(DestinationUnavailable, match="did not answer within"):
                    await sent(destination, waiting)
        finally:
            over.set()
            await asyncio.sleep(0.05)


async def test_a_server_that_is_slow_with_each_object_gets_fewer_at_once(tmp_path: Path) -> None:
    waiting = parcels(tmp_path, 4)
    uids = [one.sop_instance_uid.encode() for one in waiting]
    sizes, over = [], asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        body = await request.read()
        held = [one for one, uid in zip(waiting, uids, strict=True) if uid in body]
        sizes.append(len(held))
        if len(held) > 1:
            await over.wait()
        return everything_stored(held)

    async with pacs(handler, tmp_path) as destination:
        for _ in range(2):
            with pytest.raises(DestinationUnavailable, match="did not answer within"):
                await sent(destination, waiting)
        outcomes = await sent(destination, waiting[:1])
        over.set()
        await asyncio.sleep(0.05)
    assert [one.fate for one in outcomes] == [Fate.STORED]
    assert sizes == [4, 2, 1]
