"""Camera and lights, kept open: a failing instrument is shown and tried again."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from station.capture import Examine, Preview, StillSink, Studio, check_recipe
from station.config import StationConfig
from station.devices import Bench, Camera, LatestFrame, LightRig, Progress
from station.devices.registry import make_devices
from station.errors import StationError

RETRY_S = 5.0
"""Time between two attempts to open the instruments."""

_log = logging.getLogger(__name__)


class Instruments:
    """Opens the booth's instruments, shows their preview, and opens them anew when one fails."""

    def __init__(
        self,
        config: StationConfig,
        cache_dir: Path,
        preview: LatestFrame,
        sink: StillSink,
        examine: Examine,
        changed: Callable[[], None],
        progress: Progress | None = None,
    ) -> None:
        self._config = config
        self._preview = preview
        self._sink = sink
        self._examine = examine
        self._changed = changed
        self._bench = Bench(cache_dir, progress)
        self.studio: Studio | None = None
        """What visits are shot with; None while the instruments are not open."""
        self.problem = ""
        """Why the instruments are not open, for the operator; empty while they are opened the first time."""

    async def run(self) -> None:
        """Keep the instruments open and the preview running until cancelled."""
        while True:
            try:
                await self._serve()
            except StationError as error:
                self._report(str(error))
            except Exception:  # noqa: BLE001
                # The boundary of the drivers: one that fails in its own way must not end spool, uplink and page.
                _log.exception("a driver failed unexpectedly")
                self._report(
                    "camera or lights failed unexpectedly and are tried again: the booth's log says why"
                )
            await asyncio.sleep(RETRY_S)

    async def ensure_dark(self) -> None:
        """Return when every light is off."""
        if self.studio is not None:
            await self.studio.lights.ensure_dark()

    async def _serve(self) -> None:
        camera, lights = make_devices(self._config.camera, self._config.lights, self._bench)
        async with AsyncExitStack() as opened:
            # The camera first: it closes last, under lights that are dark.
            await opened.enter_async_context(camera)
            await opened.enter_async_context(lights)
            check_recipe(self._config.visit_protocol.recipe, camera, lights)
            studio = self._make_studio(camera, lights)
            opened.callback(self._close_studio)
            self.studio = studio
            self._report("")
            await studio.preview.run()

    def _make_studio(self, camera: Camera, lights: LightRig) -> Studio:
        settings = self._config.preview
        preview = Preview(
            camera,
            lights,
            self._preview,
            light=settings.light,
            power=settings.power,
            exposure=settings.exposure,
            view=self._config.visit_protocol.views[0],
        )
        return Studio(camera, lights, preview, self._sink, self._examine)

    def _close_studio(self) -> None:
        self.studio = None
        self._changed()

    def _report(self, problem: str) -> None:
        if problem and problem != self.problem:
            _log.warning("the instruments failed", extra={"problem": problem})
        elif self.problem and not problem:
            _log.info("the instruments are open again")
        self.problem = problem
        self._changed()
