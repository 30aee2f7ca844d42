"""The preview, which makes way for every still."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from station.devices import Camera, LatestFrame, LightRig, Shot
from station.protocol import Exposure, Light


class Preview:
    """Keeps preview frames coming under one light; whoever shoots pauses it.

    `run` is the task that shows it; `paused` gives camera and lights to somebody else.
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
    ) -> None:
        self._camera = camera
        self._lights = lights
        self._into = into
        self._shot = Shot(light=light)
        self._power = power
        self._exposure = exposure
        self._instruments = asyncio.Lock()
        self._showing: asyncio.Task[None] | None = None
        self._claims = 0

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

    async def _show(self) -> None:
        try:
            await self._lights.set(self._shot.light, self._power)
            await self._camera.preview(self._into, self._exposure, self._shot)
        finally:
            await self._lights.ensure_dark()
