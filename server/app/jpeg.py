"""The door for previews as JPEG, with the keeper that admits enrolled booths alone."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import zmq.asyncio

from server.config import ServerConfig
from server.ingest import AllowList, Gatekeeper, open_server_keys
from server.live import JpegDoor, LiveHub


@contextlib.asynccontextmanager
async def jpeg_door(hub: LiveHub, config: ServerConfig) -> AsyncIterator[JpegDoor | None]:
    """The open door; None where the configuration names none. Raises `ConfigError`."""
    if not config.live.jpeg:
        yield None
        return
    allowed, context = AllowList(config.booths), zmq.asyncio.Context()

    async def booth_of(key: bytes) -> str | None:
        return await asyncio.to_thread(allowed.booth_of, key)

    keeper = Gatekeeper(context, booth_of)
    keeping = asyncio.create_task(keeper.run(), name="jpeg-keeper")
    try:
        async with JpegDoor(hub, context, config.live.jpeg, open_server_keys(config.keys).secret) as door:
            yield door
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        keeper.close()
        context.destroy(linger=0)
