"""A UVC camera with every automatic control switched off."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from station.devices.base import Camera, CameraOptions, Captured, ExposureRange, Shot, fitted, pace
from station.devices.bench import Bench
from station.devices.driver_thread import DriverThread
from station.devices.v4l2.controls import MANUAL, lock, turn_off, verify
from station.devices.v4l2.device import Control, Device, Picture, open_device
from station.errors import DeviceUnavailable
from station.protocol import CameraInfo, Exposure

UNIT_S = 1e-4
"""Unit of the exposure control."""
_EXPOSURE_TOLERANCE = 0.05
_STALE_LIMIT = 30
"""Pictures read at most until one is young enough."""
_BUFFERS = 4
"""Pictures that wait in the driver at most, where their times are not told."""


class V4l2CameraOptions(CameraOptions):
    """Settings of the `v4l2` camera."""

    type: Literal["v4l2"] = "v4l2"
    device: Path = Path("/dev/video0")
    """Device file; the ones below /dev/v4l/by-id keep their names."""
    width: Annotated[int, Field(ge=160, le=20_000)] = 1920
    height: Annotated[int, Field(ge=120, le=20_000)] = 1080
    format: Literal["MJPG", "YUYV"] = "MJPG"
    rate: Annotated[float, Field(gt=0, le=240)] = 30.0
    """Pictures per second that the camera is asked for; it bounds the exposure time."""
    shortest_s: Annotated[float, Field(ge=UNIT_S, le=1)] = UNIT_S
    longest_s: Annotated[float, Field(ge=UNIT_S, le=10)] = 0.03
    gain: Annotated[int, Field(ge=0, le=65535)] | None = 0
    """Number of the gain control, which has no unit; none: the camera has no such control."""
    white_balance_k: Annotated[int, Field(ge=2000, le=10_000)] | None = 5000
    """Colour temperature; none: the camera has no such control."""
    focus: Annotated[int, Field(ge=0, le=65535)] | None = None
    """Number of the focus control; none: the lens has no motor."""
    settle_frames: Annotated[int, Field(ge=0, le=20)] = 2
    """Pictures that the camera still makes with the exposure before."""


class V4l2Camera(Camera):
    """8-bit sRGB stills and previews of one format.

    Exposure, gain, white balance and focus are set at opening and again before every still, read back each time, and a
    camera that does not obey is a `DeviceError` with control, value asked and value got. A still is a picture that began
    after it was asked for.
    """

    def __init__(
        self, options: V4l2CameraOptions, bench: Bench, open_with: Callable[[Path], Device] = open_device
    ) -> None:
        super().__init__()
        self._options = options
        self._open_with = open_with
        self._thread = DriverThread("v4l2-camera")
        self._device: Device | None = None
        self._exposed: Exposure | None = None

    @property
    def info(self) -> CameraInfo:
        """The name that the kernel has for the camera."""
        file = Path("/sys/class/video4linux") / self._options.device.resolve().name / "name"
        model = file.read_text("utf-8", "replace").strip() if file.exists() else "UVC camera"
        return CameraInfo(manufacturer="", model=model[:64])

    @property
    def exposure_range(self) -> ExposureRange:
        """As configured; the gain is locked."""
        return ExposureRange(
            shortest_s=self._options.shortest_s, longest_s=self._options.longest_s, max_gain_db=0.0
        )

    async def _do_open(self) -> None:
        await self._thread.open(self._open_and_lock)

    async def _do_close(self) -> None:
        await self._thread.close(self._release)

    async def _do_preview(self, exposure: Exposure, shot: Shot) -> AsyncGenerator[Captured, None]:
        options = self._options
        actual = await self._thread.run(self._lock, exposure)
        started, tick = asyncio.get_running_loop().time(), 0
        while True:
            yield await self._thread.run(self._preview_picture, actual)
            tick = await pace(1 / options.preview_fps, started, tick)

    async def _do_expose(self, exposure: Exposure, shot: Shot) -> Captured:
        return await self._thread.run(self._still, exposure)

    def _open_and_lock(self) -> None:
        options = self._options
        device = self._device = self._open_with(options.device)
        lock(device, Control.FORMAT, cv2.VideoWriter.fourcc(*options.format))
        lock(device, Control.WIDTH, options.width)
        lock(device, Control.HEIGHT, options.height)
        device.set(Control.RATE, options.rate)
        self._lock_colour_and_focus()
        self._read()  # many cameras take their controls for good with the first picture only

    def _release(self) -> None:
        if self._device is not None:
            self._device.release()

    def _preview_picture(self, actual: Exposure) -> Captured:
        options = self._options
        picture = self._fresh(time.monotonic() - 1 / options.rate)
        pixels = fitted(_rgb(picture), (options.preview_width, options.preview_height))
        return Captured(pixels=pixels, actual=actual, captured_at=_middle(picture, actual))

    def _still(self, exposure: Exposure) -> Captured:
        asked_at = time.monotonic()
        actual = self._lock(exposure)
        picture = self._fresh(asked_at + actual.time_s)
        verify(self._camera, Control.EXPOSURE, actual.time_s / UNIT_S)
        return Captured(pixels=_rgb(picture), actual=actual, captured_at=_middle(picture, actual))

    def _lock(self, exposure: Exposure) -> Exposure:
        device = self._camera
        self._lock_colour_and_focus()
        lock(device, Control.AUTO_EXPOSURE, MANUAL)
        units = max(1, round(exposure.time_s / UNIT_S))
        actual = Exposure(time_s=UNIT_S * lock(device, Control.EXPOSURE, units, _EXPOSURE_TOLERANCE))
        if actual != self._exposed:
            self._exposed = actual
            for _ in range(self._options.settle_frames):
                self._read()
        return actual

    def _lock_colour_and_focus(self) -> None:
        options, device = self._options, self._camera
        turn_off(device, Control.AUTO_WHITE_BALANCE)
        turn_off(device, Control.AUTO_FOCUS)
        for control, value in (
            (Control.WHITE_BALANCE, options.white_balance_k),
            (Control.FOCUS, options.focus),
            (Control.GAIN, options.gain),
        ):
            if value is not None:
                lock(device, control, value)

    def _fresh(self, after: float) -> Picture:
        """The first picture that was ready after this time on the monotonic clock."""
        picture = self._read()
        for number in range(_STALE_LIMIT):
            if picture.taken_at >= after or (picture.taken_at == 0 and number >= _BUFFERS):
                return picture
            picture = self._read()
        raise DeviceUnavailable(f"{self.info.model} delivers old pictures only: plug it in anew")

    def _read(self) -> Picture:
        picture = self._camera.read()
        if picture is None:
            raise DeviceUnavailable(f"{self.info.model} delivers no picture: check its cable")
        return picture

    @property
    def _camera(self) -> Device:
        if self._device is None:
            raise DeviceUnavailable(f"{self.info.model} is not open")
        return self._device


def _rgb(picture: Picture) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(picture.pixels, cv2.COLOR_BGR2RGB), np.uint8)


def _middle(picture: Picture, exposure: Exposure) -> float:
    """Middle of the exposure that ended with the picture, seconds since 1970."""
    age_s = time.monotonic() - picture.taken_at if picture.taken_at else 0.0
    return time.time() - age_s - exposure.time_s / 2
