"""The preview, which makes way for every still."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from station.devices import Camera, LatestFrame, LightRig, Shot
from station.protocol import Exposure, FrameHeader, Light, View

_LOOK_S = 0.05

See = Callable[[], tuple[bool | None, str]]
"""Yes, no, or None for what cannot be told; and why."""


class Preview:
    """Keeps preview frames coming under one light; whoever shoots pauses it.

    `run` is the task that shows it; `paused` gives camera and lights to somebody else; `aim` says which pose its frames
    are of.
    """

    def __init__(
        self,
        camera: Camera,
        lights: LightRig,
        into: LatestFrame,
        *,
        light: Light,
        power: float,
        exposure: Exposure,
        view: View = View.UNSPECIFIED,
    ) -> None:
        self._camera = camera
        self._lights = lights
        self._into = into
        self._shot = Shot(light=light, view=view)
        self._power = power
        self._exposure = exposure
        self._instruments = asyncio.Lock()
        self._showing: asyncio.Task[None] | None = None
        self._claims = 0

    @property
    def latest(self) -> FrameHeader | None:
        """Header of the newest frame, or None before the first."""
        frame = self._into.latest
        return None if frame is None else frame.header

    def aim(self, view: View) -> None:
        """Show this pose from the next frame on; a preview under way begins anew."""
        if view is self._shot.view:
            return
        self._shot = replace(self._shot, view=view)
        if self._showing is not None:
            self._showing.cancel()

    async def run(self) -> None:
        """Show the preview until cancelled; raises `DeviceError` when an instrument fails."""
        while True:
            async with self._instruments:
                self._showing = asyncio.create_task(self._show(), name="preview")
                if self._claims:  # asked for while the instruments changed hands
                    self._showing.cancel()
                try:
                    await asyncio.wait({self._showing})
                finally:
                    self._showing.cancel()
                    await asyncio.wait({self._showing})
                with contextlib.suppress(asyncio.CancelledError):
                    self._showing.result()

    @asynccontextmanager
    async def paused(self) -> AsyncIterator[None]:
        """Camera and lights for the caller alone, dark at the start; the preview resumes afterwards."""
        self._claims += 1
        try:
            if self._showing is not None:
                self._showing.cancel()
            await self._instruments.acquire()
        finally:
            self._claims -= 1
        try:
            yield
        finally:
            self._instruments.release()

    async def glance(self, see: See, limit_s: float) -> tuple[bool | None, str]:
        """Show the preview to `see` until it says yes, for `limit_s` at most, and return what it said last.

        For whoever holds the instruments by `paused`; the lights are dark again at the end. Raises `DeviceError`.
        """
        loop = asyncio.get_running_loop()
        give_up = loop.time() + limit_s
        showing = asyncio.create_task(self._show(), name="glance")
        try:
            while not (seen := see())[0] and not showing.done() and loop.time() < give_up:
                await asyncio.wait({showing}, timeout=_LOOK_S)
        finally:
            showing.cancel()
            await asyncio.wait({showing})
        with contextlib.suppress(asyncio.CancelledError):
            showing.result()
        return seen

    async def _show(self) -> None:
        try:
            await self._lights.set(self._shot.light, self._power)
            await self._camera.preview(self._into, self._exposure, self._shot)
        finally:
            await self._lights.ensure_dark()
