"""Camera, lights and interlock, kept open: a failing instrument is shown and tried again."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from station.capture import Examine, Preview, StillSink, Studio, check_recipe
from station.capture.uv import UvGuard
from station.config import StationConfig
from station.devices import Bench, Camera, Interlock, LatestFrame, LightRig, Progress
from station.devices.registry import make_devices, make_interlock
from station.errors import DeviceUnavailable, StationError
from station.kiosk import InstrumentStatus

RETRY_S = 5.0
"""Time between two attempts to open the instruments."""
INTERLOCK_S = 1.0
"""Time between two looks at the interlock while no lamp waits for it."""

_log = logging.getLogger(__name__)

MakeGuard = Callable[[Interlock, Preview], UvGuard]
"""Makes the guard of ultraviolet light, of an interlock and a preview that are open."""


class Instruments:
    """Opens the booth's instruments, shows their preview, and opens them anew when one fails.

    Without `make_guard` there is no ultraviolet light.
    """

    def __init__(
        self,
        config: StationConfig,
        cache_dir: Path,
        preview: LatestFrame,
        sink: StillSink,
        examine: Examine,
        changed: Callable[[], None],
        progress: Progress | None = None,
        *,
        make_guard: MakeGuard | None = None,
    ) -> None:
        self._config = config
        self._preview = preview
        self._sink = sink
        self._examine = examine
        self._changed = changed
        self._make_guard = make_guard
        self.bench = Bench(cache_dir, progress)
        """The surroundings of simulated instruments."""
        self.studio: Studio | None = None
        """What visits are shot with; None while the instruments are not open."""
        self.problem = ""
        """Why the instruments are not open, for the operator; empty while they are opened the first time."""
        self._states: dict[str, tuple[bool, str]] = {}

    @property
    def statuses(self) -> tuple[InstrumentStatus, ...]:
        """Camera, lights and interlock: which drivers, whether ready, and what is wrong."""
        sections = {
            "camera": self._config.camera,
            "lights": self._config.lights,
            "interlock": self._config.interlock,
        }
        return tuple(self._status(name, section) for name, section in sections.items())

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
            _stop_if_cancelled()
            await asyncio.sleep(RETRY_S)

    async def ensure_dark(self) -> None:
        """Return when every light is off."""
        if self.studio is not None:
            await self.studio.lights.ensure_dark()

    async def _serve(self) -> None:
        camera, lights = make_devices(self._config.camera, self._config.lights, self.bench)
        interlock = make_interlock(self._config.interlock, self.bench)
        async with AsyncExitStack() as opened:
            # The camera first: it closes last, under lights that are dark.
            await self._open(opened, "camera", camera)
            await self._open(opened, "lights", lights)
            await opened.enter_async_context(interlock)
            check_recipe(self._config.visit_protocol.recipe, camera, lights)
            studio = self._make_studio(camera, lights, interlock)
            opened.callback(self._close_studio)
            self.studio = studio
            self._states["camera"] = True, _nameplate(camera)
            self._states["lights"] = True, ", ".join(sorted(lights.lights))
            self._report("")
            await self._tend(studio, interlock)

    async def _open(self, opened: AsyncExitStack, name: str, instrument: Camera | LightRig) -> None:
        try:
            await opened.enter_async_context(instrument)
        except StationError as error:
            self._states[name] = False, str(error)
            raise

    async def _tend(self, studio: Studio, interlock: Interlock) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(studio.preview.run(), name="preview")
                tasks.create_task(self._watch_lights(studio), name="lights-failure")
                tasks.create_task(self._watch_interlock(interlock), name="interlock")
                # Python 3.11 leaves the group's own cancellation counted where a task fails after this block's end.
                await asyncio.get_running_loop().create_future()
        except ExceptionGroup as group:
            raise group.exceptions[0] from group

    async def _watch_lights(self, studio: Studio) -> None:
        """End, and with it the studio, once the rig has failed by itself; shown before whoever shoots has let go."""
        problem = await studio.lights.failed()
        self._states["lights"] = False, problem
        self._report(problem)
        async with studio.preview.paused():
            raise DeviceUnavailable(problem)

    async def _watch_interlock(self, interlock: Interlock) -> None:
        while True:
            reading = await interlock.read()
            state = reading.safe, "safe" if reading.safe else reading.reason
            if self._states.get("interlock") != state:
                self._states["interlock"] = state
                self._changed()
            await asyncio.sleep(INTERLOCK_S)

    def _make_studio(self, camera: Camera, lights: LightRig, interlock: Interlock) -> Studio:
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
        guard = self._make_guard(interlock, preview) if self._make_guard is not None else None
        return Studio(camera, lights, preview, self._sink, self._examine, guard)

    def _close_studio(self) -> None:
        self.studio = None
        for name, (ready, _) in self._states.items():
            if ready:
                self._states[name] = False, "is opened again in a moment"
        self._changed()

    def _status(self, name: str, section: dict[str, Any]) -> InstrumentStatus:
        ready, detail = self._states.get(name, (False, "is not open yet"))
        return InstrumentStatus(name=name, driver=str(section["type"]), ready=ready, detail=detail)

    def _report(self, problem: str) -> None:
        if problem and problem != self.problem:
            _log.warning("the instruments failed", extra={"problem": problem})
        elif self.problem and not problem:
            _log.info("the instruments are open again")
        self.problem = problem
        self._changed()


def _nameplate(camera: Camera) -> str:
    info = camera.info
    name = f"{info.manufacturer} {info.model} {info.serial}".strip()
    return name if camera.dermoscope is None else f"{name}, dermoscope"


def _stop_if_cancelled() -> None:
    """An instrument that fails while the booth is told to stop raises in place of the cancellation; it still counts."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
