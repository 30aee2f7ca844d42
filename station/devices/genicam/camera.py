"""A GenICam camera, software-triggered."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from station.devices.base import Camera, CameraOptions, Captured, ExposureRange, Shot, fitted, pace
from station.devices.bench import Bench
from station.devices.driver_thread import DriverThread
from station.devices.genicam.client import SYSTEM_PYTHON, Helper
from station.devices.genicam.pixels import PIXEL_FORMATS, decoded, shown
from station.errors import DeviceUnavailable
from station.protocol import MAX_SIDE, CameraInfo, Exposure, Pixels, Transfer

_TIME_TOLERANCE = 0.05
_GAIN_TOLERANCE_DB = 0.2


class GenicamCameraOptions(CameraOptions):
    """Settings of the `genicam` camera."""

    type: Literal["genicam"] = "genicam"
    camera: Annotated[str, Field(max_length=128)] = ""
    """Identifier as `dermabooth devices` lists it, or an IP address; empty: the first camera found."""
    width: Annotated[int, Field(ge=0, le=MAX_SIDE)] = 0
    height: Annotated[int, Field(ge=0, le=MAX_SIDE)] = 0
    """Size of the stills, px; 0: the whole sensor."""
    pixel_format: str = "BayerRG12"
    """Name of the pixel format as the camera's manual has it."""
    black_level: Annotated[int, Field(ge=0, le=65534)] = 0
    """Sample value of darkness."""
    balance: dict[Literal["Red", "Green", "Blue"], Annotated[float, Field(gt=0, le=16)]] = Field(
        default_factory=dict
    )
    """White balance: the camera's ratio of each colour."""
    packet_size: Annotated[int, Field(ge=576, le=16_000)] = 1400
    """Bytes of a packet of a GigE Vision camera; 9000 where the whole network takes jumbo frames."""
    simulated: bool = False
    """Also find the camera that Aravis simulates, `Fake_1`."""
    python: Path = SYSTEM_PYTHON
    """A Python that has Aravis' introspection; on Debian the system's own."""

    @field_validator("pixel_format")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in PIXEL_FORMATS:
            raise ValueError(f"known are: {', '.join(PIXEL_FORMATS)}")
        return name

    @model_validator(mode="after")
    def _dark_below_white(self) -> Self:
        if self.black_level >= self.white_level:
            raise ValueError(f"black_level {self.black_level} must lie below {self.white_level}")
        return self

    @property
    def white_level(self) -> int:
        """Sample value at which the pixel format ends."""
        return (1 << PIXEL_FORMATS[self.pixel_format].bits) - 1


class GenicamCamera(Camera):
    """Linear stills of 8 to 16 bits; previews are made of the same pictures.

    ExposureAuto, GainAuto and BalanceWhiteAuto are off; exposure time and gain are read back with every picture, and
    it is an error if the camera is not within 5 % and 0.2 dB of what was asked.
    """

    def __init__(self, options: GenicamCameraOptions, bench: Bench) -> None:
        super().__init__()
        self._options = options
        self._thread = DriverThread("genicam-camera")
        self._helper: Helper | None = None
        self._nameplate: Mapping[str, Any] = {}

    @property
    def info(self) -> CameraInfo:
        """What the camera says of itself once it is open."""
        told = {name: str(self._nameplate.get(name, ""))[:64] for name in ("vendor", "model", "serial")}
        return CameraInfo(
            manufacturer=told["vendor"],
            model=told["model"] or self._options.camera[:64] or "GenICam camera",
            serial=told["serial"],
        )

    @property
    def exposure_range(self) -> ExposureRange:
        """What the camera says of itself once it is open."""
        told = self._nameplate
        return ExposureRange(
            shortest_s=told.get("shortest_us", 1) / 1e6,
            longest_s=min(60.0, told.get("longest_us", 60e6) / 1e6),
            max_gain_db=max(0.0, min(60.0, told.get("max_gain_db", 60.0))),
        )

    async def _do_open(self) -> None:
        await self._thread.open(self._open_camera)

    async def _do_close(self) -> None:
        if self._helper is not None:
            await asyncio.to_thread(self._helper.close)  # whoever waits for its answer gets none
        await self._thread.close(self._release)

    async def _do_preview(self, exposure: Exposure, shot: Shot) -> AsyncGenerator[Captured, None]:
        options = self._options
        started, tick = asyncio.get_running_loop().time(), 0
        while True:
            yield await self._thread.run(self._preview_picture, exposure)
            tick = await pace(1 / options.preview_fps, started, tick)

    async def _do_expose(self, exposure: Exposure, shot: Shot) -> Captured:
        return await self._thread.run(self._still, exposure)

    def _open_camera(self) -> None:
        options = self._options
        helper = self._helper = Helper(options.python)
        if self._closed:  # meanwhile, and before there was a process to end
            helper.close()
        self._nameplate, _ = helper.ask(
            "open",
            camera=options.camera,
            width=options.width,
            height=options.height,
            pixel_format=options.pixel_format,
            balance=options.balance,
            packet_size=options.packet_size,
            simulated=options.simulated,
        )

    def _release(self) -> None:
        if self._helper is not None:
            self._helper.close()
            self._helper.release()

    def _still(self, exposure: Exposure) -> Captured:
        pixels, actual, captured_at = self._picture(exposure)
        options = self._options
        return Captured(
            pixels=pixels,
            actual=actual,
            captured_at=captured_at,
            bit_depth=PIXEL_FORMATS[options.pixel_format].bits,
            transfer=Transfer.LINEAR,
            black_level=options.black_level,
            white_level=options.white_level,
        )

    def _preview_picture(self, exposure: Exposure) -> Captured:
        pixels, actual, captured_at = self._picture(exposure)
        options = self._options
        visible = shown(pixels, options.black_level, options.white_level)
        reduced = fitted(visible, (options.preview_width, options.preview_height))
        return Captured(pixels=reduced, actual=actual, captured_at=captured_at)

    def _picture(self, exposure: Exposure) -> tuple[Pixels, Exposure, float]:
        if self._helper is None:
            raise DeviceUnavailable(f"{self.info.model} is not open")
        told, data = self._helper.ask("expose", time_us=exposure.time_s * 1e6, gain_db=exposure.gain_db)
        actual = Exposure(time_s=told["time_us"] / 1e6, gain_db=max(0.0, told["gain_db"]))
        self._check(exposure, actual)
        pixels = decoded(data, self._options.pixel_format, told["width"], told["height"])
        now = time.time()
        return pixels, actual, min(now, told["received_at"] or now) - actual.time_s / 2

    def _check(self, asked: Exposure, actual: Exposure) -> None:
        if abs(actual.time_s - asked.time_s) > _TIME_TOLERANCE * asked.time_s:
            raise DeviceUnavailable(
                f"camera feature ExposureTime: asked for {asked.time_s:g} s, the camera has {actual.time_s:g} s"
            )
        if abs(actual.gain_db - asked.gain_db) > _GAIN_TOLERANCE_DB:
            raise DeviceUnavailable(
                f"camera feature Gain: asked for {asked.gain_db:g} dB, the camera has {actual.gain_db:g} dB"
            )
