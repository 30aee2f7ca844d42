"""Viewers that take a booth's frames and overlays but decode nothing, so that one core holds many of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from benchmarks.live import programs
from benchmarks.live.whip import connected, new_peer
from server.live.rtc_internals import VideoIntake
from station.protocol import OVERLAY_CHANNEL


class Watched:
    """What a viewer got."""

    def __init__(self) -> None:
        self.frames = 0
        self.overlays = 0

    def frame(self, *_: object) -> None:
        """A whole coded frame."""
        self.frames += 1

    def overlay(self, *_: object) -> None:
        """An overlay."""
        self.overlays += 1


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
    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._own: dict[str, AsyncExitStack] = {}
        self._watched: dict[str, Watched] = {}

    async def join(self, name: str, url: str, token: str, overlays: bool = True) -> None:
        own = AsyncExitStack()
        self._watched[name] = await own.enter_async_context(viewer(url, token, overlays=overlays))
        self._own[name] = own

    async def leave(self, name: str) -> None:
        del self._watched[name]
        await self._own.pop(name).aclose()

    def count(self) -> dict[str, Any]:
        return {
            "frames": [one.frames for one in self._watched.values()],
            "overlays": [one.overlays for one in self._watched.values()],
        }

    async def close(self) -> None:
        for name in tuple(self._own):
            await self.leave(name)


async def _main() -> None:
    async with AsyncExitStack() as stack:
        viewers = _Viewers(stack)
        programs.say(up=True)
        try:
            await programs.answer({"join": viewers.join, "leave": viewers.leave, "count": viewers.count})
        finally:
            await viewers.close()


if __name__ == "__main__":
    asyncio.run(_main(**programs.settings()))
