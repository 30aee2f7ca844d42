"""A digital single-lens or mirrorless camera on its cable."""

import asyncio
import logging
import math
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from station.devices.base import (
    Camera,
    CameraOptions,
    Captured,
    ExposureRange,
    FolderRoom,
    Shot,
    fitted,
    pace,
    read_picture,
)
from station.devices.bench import Bench
from station.devices.completion import completed
from station.devices.driver_thread import DriverThread
from station.devices.gphoto2.originals import Originals
from station.devices.gphoto2.tether import CameraFile, Tether
from station.devices.gphoto2.times import exposure_times
from station.errors import DeviceError, DeviceUnavailable, ExposureRefused
from station.protocol import CameraInfo, Exposure, FrameHeader, Pixels

NEAR_STOPS = 1 / 6
"""Half the usual step between two of a camera's exposure times."""
_JPEG = {".jpg", ".jpeg"}

_log = logging.getLogger(__name__)


class Gphoto2CameraOptions(CameraOptions):
    """Settings of the `gphoto2` camera."""

    type: Literal["gphoto2"] = "gphoto2"
    model: Annotated[str, Field(max_length=128)] = ""
    """As `dermabooth devices` lists it; empty: any."""
    port: Annotated[str, Field(max_length=128)] = ""
    """As `dermabooth devices` lists it, for two cameras of one model."""
    folder: Path | None = None
    """Where the camera's own files are kept; none: `originals` below the booth's cache."""
    originals_gb: Annotated[float, Field(gt=0, le=100_000)] = 200.0
    """How much of them is kept, in 10^9 bytes; when it is reached the booth takes no further picture."""
    settings: dict[str, str] = Field(default_factory=dict)
    """Further settings by libgphoto2's names, set at opening and before every still, and read back."""
    preview_fps: Annotated[float, Field(gt=0, le=30)] = 10.0


class Gphoto2Camera(Camera):
    """Stills are the camera's JPEG, decoded to 8-bit sRGB; the files themselves, raw among them, are kept untouched.

    They are called after their still, and a picture for which there is no room is not taken (`Originals`).

    The exposure time asked for must be one that the camera has, within a sixth of a stop, and is read back. Gain is the
    camera's ISO and belongs into `settings`. Cameras without a live view make stills for the preview, which are not kept.
    """

    def __init__(self, options: Gphoto2CameraOptions, bench: Bench) -> None:
        super().__init__()
        self._options = options
        folder = options.folder or bench.cache_dir / "originals"
        self._originals = Originals(folder, int(options.originals_gb * 1e9))
        self._newest: tuple[float, Sequence[Path]] = 0.0, ()
        self._thread = DriverThread("gphoto2-camera")
        self._tether: Tether | None = None
        self._times: Mapping[float, str] = {}
        self._nameplate: CameraInfo | None = None

    @property
    def info(self) -> CameraInfo:
        """What the camera says of itself once it is open."""
        return self._nameplate or CameraInfo(
            manufacturer="", model=self._options.model[:64] or "tethered camera"
        )

    @property
    def exposure_range(self) -> ExposureRange:
        """From the shortest to the longest of the camera's exposure times."""
        times = self._times or {1e-6: "", 60.0: ""}
        return ExposureRange(shortest_s=min(times), longest_s=min(60.0, max(times)), max_gain_db=0.0)

    @property
    def folder_room(self) -> FolderRoom | None:
        """Room for the camera's own files."""
        return self._originals.room

    async def note_still(self, header: FrameHeader, sop_instance_uid: str) -> None:
        """Call the files of the newest picture after the still; where the disk refuses it, the log says so."""
        captured_at, kept = self._newest
        if captured_at != header.captured_at:
            return
        try:
            await completed(self._thread.run(self._originals.name, kept, sop_instance_uid))
        except DeviceError as error:
            told = {"still": sop_instance_uid, "files": [path.name for path in kept], "problem": str(error)}
            _log.warning("originals are not called after their still", extra=told)

    async def _do_open(self) -> None:
        await self._thread.open(self._open_camera)

    async def _do_close(self) -> None:
        await self._thread.close(self._release)

    async def _do_preview(self, exposure: Exposure, shot: Shot) -> AsyncGenerator[Captured, None]:
        started, tick = asyncio.get_running_loop().time(), 0
        actual = await self._thread.run(self._set, exposure)
        while True:
            pixels = await self._thread.run(self._preview_picture)
            yield Captured(pixels=pixels, actual=actual, captured_at=time.time())
            tick = await pace(1 / self._options.preview_fps, started, tick)

    async def _do_expose(self, exposure: Exposure, shot: Shot) -> Captured:
        return await self._thread.run(self._still, exposure, shot)

    def _open_camera(self) -> None:
        self._originals.look()
        tether = self._tether = Tether.open(self._options.model, self._options.port)
        self._times = exposure_times(tether.times())
        if not self._times:
            raise DeviceUnavailable(f"{tether.model} lets its exposure time not be set: turn its dial to M")
        self._nameplate = CameraInfo(
            manufacturer=tether.read("manufacturer")[:64],
            model=tether.model[:64],
            serial=tether.read("serialnumber")[:64],
        )
        self._lock()

    def _release(self) -> None:
        if self._tether is not None:
            self._tether.close()

    def _still(self, exposure: Exposure, shot: Shot) -> Captured:
        if not shot.proof:
            self._originals.check()
        self._camera.end_view()
        self._lock()
        actual = self._set(exposure)
        began = time.time()
        captured_at = began + actual.time_s / 2
        kept = self._originals.keep(self._camera.capture(), began)
        try:
            pixels = self._developed(kept)
        finally:
            if shot.proof:
                self._originals.drop(kept)
        if not shot.proof:
            self._newest = captured_at, kept
        return Captured(pixels=pixels, actual=actual, captured_at=captured_at)

    def _developed(self, kept: Sequence[Path]) -> Pixels:
        picture = next((path for path in kept if path.suffix.lower() in _JPEG), None)
        if picture is None:
            raise DeviceError(
                f"{self.info.model} made {', '.join(path.suffix for path in kept)} and no JPEG: set it to RAW + JPEG"
            )
        return read_picture(picture)

    def _lock(self) -> None:
        for key, value in self._options.settings.items():
            self._camera.write(key, value)

    def _set(self, exposure: Exposure) -> Exposure:
        time_s = min(self._times, key=lambda has: abs(math.log2(has / exposure.time_s)))
        if abs(math.log2(time_s / exposure.time_s)) > NEAR_STOPS:
            raise ExposureRefused(
                f"exposure time {exposure.time_s:g} s, this camera takes {', '.join(self._times.values())}"
            )
        self._camera.write_time(self._times[time_s])
        return Exposure(time_s=time_s)

    def _preview_picture(self) -> NDArray[np.uint8]:
        self._originals.look()  # files may have been moved away
        content = self._camera.view() or _jpeg_of(self._camera.capture())
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        if decoded is None:
            raise DeviceUnavailable(f"the preview of {self.info.model} is no JPEG")
        size = (self._options.preview_width, self._options.preview_height)
        return fitted(np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8), size)

    @property
    def _camera(self) -> Tether:
        if self._tether is None:
            raise DeviceUnavailable(f"{self.info.model} is not open")
        return self._tether


def _jpeg_of(files: Sequence[CameraFile]) -> bytes:
    """The JPEG among the files of one picture; the first one where there is none."""
    return next((file for file in files if Path(file.name).suffix.lower() in _JPEG), files[0]).content
