"""Viewers that take a booth's frames and overlays but decode nothing, so that one core holds many of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp

from benchmarks.live import programs
from benchmarks.live.whip import connected, new_peer
from server.live.rtc_internals import VideoIntake
from station.protocol import OVERLAY_CHANNEL


class Watched:
    """What a viewer got."""

    def __init__(self) -> None:
        self.frames = 0
        self.overlays = 0
        self.overlay_bytes = 0

    def frame(self, *_: object) -> None:
        """A whole coded frame."""
        self.frames += 1

    def overlay(self, data: bytes | str) -> None:
        """An overlay."""
        self.overlays += 1
        self.overlay_bytes += len(data)


@asynccontextmanager
async def viewer(url: str, token: str, *, overlays: bool = True) -> AsyncIterator[Watched]:
    """One viewer for as long as the context is open; without `overlays` it opens no channel for them."""
    peer, watched = new_peer(), Watched()
    transceiver = peer.addTransceiver("video", direction="recvonly")
    intake = VideoIntake(transceiver.receiver, watched.frame)
    if overlays:
        channel = peer.createDataChannel(OVERLAY_CHANNEL, ordered=False, maxRetransmits=0)
        channel.add_listener("message", watched.overlay)
    async with connected(peer, url, token):
        repairs = asyncio.create_task(intake.run())
        try:
            yield watched
        finally:
            repairs.cancel()
            await asyncio.wait({repairs})


class _Viewers:
    """Viewers that come and go."""

    def __init__(self) -> None:
        self._own: dict[str, AsyncExitStack] = {}
        self._watched: dict[str, Watched] = {}

    async def join(self, name: str, url: str, token: str, overlays: bool = True) -> dict[str, Any]:
        """One more; `up` says whether it has joined."""
        own = AsyncExitStack()
        try:
            self._watched[name] = await own.enter_async_context(viewer(url, token, overlays=overlays))
        except (RuntimeError, TimeoutError, aiohttp.ClientError) as error:
            return {"up": False, "why": str(error)}
        self._own[name] = own
        return {"up": True}

    async def leave(self, name: str) -> None:
        """One less, if it is there."""
        if name in self._own:
            del self._watched[name]
            await self._own.pop(name).aclose()

    def count(self) -> dict[str, Any]:
        """What each has got so far."""
        return {
            "frames": [one.frames for one in self._watched.values()],
            "overlays": sum(one.overlays for one in self._watched.values()),
            "overlay_bytes": sum(one.overlay_bytes for one in self._watched.values()),
        }

    async def close(self) -> None:
        """All leave."""
        for name in tuple(self._own):
            await self.leave(name)


async def _main() -> None:
    viewers = _Viewers()
    programs.say(up=True)
    try:
        await programs.answer({"join": viewers.join, "leave": viewers.leave, "count": viewers.count})
    finally:
        await viewers.close()


if __name__ == "__main__":
    asyncio.run(_main(**programs.settings()))
