"""A simulated camera that looks at the phantom in whatever light falls on it."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator
from functools import lru_cache
from typing import Annotated, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from phantom import NEUTRAL_TAB_REFLECTANCE, CameraModel, Stage
from phantom import Light as PhantomLight
from station.devices.base import Camera, CameraOptions, Captured, ExposureRange, Shot, pace
from station.devices.bench import Bench, Shining, Standing
from station.devices.sim.close_up import CloseUp
from station.devices.worker import Worker
from station.errors import DeviceUnavailable
from station.protocol import Box, CameraInfo, Exposure, Light, NeutralTab, Transfer, View

NOMINAL_S = {
    Light.WHITE: 0.005,
    Light.PARALLEL_POLARISED: 0.010,
    Light.CROSS_POLARISED: 0.010,
    Light.UV: 0.080,
}
"""Exposure time at full power, without gain, that gives radiance 1 full scale; the lamp's polariser takes half, and
fluorescence is faint."""
CALIBRATION = "sim-rig/1"
FRAME_MM = (270.0, 330.0)
"""Width and height that fit the picture at the face, whichever is tighter."""
_DIFFUSE_SHARE = {
    Light.WHITE: 1.0,
    Light.PARALLEL_POLARISED: 0.5,
    Light.CROSS_POLARISED: 0.5,
    Light.UV: 1.0,
}
"""Share of the diffuse radiance that passes the lens; the phantom's preview frames have it made up for."""
_PHANTOM_LIGHTS: dict[Light, PhantomLight] = {
    Light.WHITE: "white",
    Light.PARALLEL_POLARISED: "parallel_polarised",
    Light.UV: "uv",
    Light.CROSS_POLARISED: "cross_polarised",
}
_YAW = {View.LEFT_45: -45.0, View.RIGHT_45: 45.0}
"""Turn of the head that shows this side of the subject, degrees to the right of the picture."""
_MATTE_SHARE = {
    Light.WHITE: 1.0,
    Light.PARALLEL_POLARISED: 0.5,
    Light.CROSS_POLARISED: 0.5,
    Light.UV: 0.0,
}
"""Share of a matte surface's light that passes the lens; it does not fluoresce."""
_TAB_SHARE = 0.055
_PREVIEW_COST = 0.4
"""Share of the preparation that the preview's pictures take."""
_TIME_STEP_S = 1e-5
_GAIN_STEP_DB = 0.1
_DARK_STOPS = -40.0


class SimCameraOptions(CameraOptions):
    """Settings of the `sim` camera."""

    type: Literal["sim"] = "sim"
    seed: Annotated[int, Field(ge=0)] = 1
    """Which phantom sits in the chair, and which noise falls on its pictures."""
    width: Annotated[int, Field(ge=240, le=6000)] = 3000
    height: Annotated[int, Field(ge=160, le=4000)] = 2000
    preview_width: Annotated[int, Field(ge=160, le=1920, multiple_of=2)] = 1280
    preview_height: Annotated[int, Field(ge=120, le=1080, multiple_of=2)] = 720
    preview_fps: Annotated[float, Field(gt=0, le=30)] = 15.0
    eyes: Literal["closed", "open"] = "closed"
    """The subject's, throughout: closed as they are asked to be under these lights."""


class SimCamera(Camera):
    """12-bit linear stills and 8-bit previews of the phantom.

    The first opening renders the subject, which takes a while and is told to the bench's `progress`; the renders are
    kept in its cache folder. Through a dermoscope it sees a piece of skin, in 8-bit sRGB. Exposure times are multiples of 10 µs, gains of 0.1 dB, like those of real cameras.
    """

    def __init__(self, options: SimCameraOptions, bench: Bench) -> None:
        super().__init__()
        self._options = options
        self._bench = bench
        self._worker = Worker("sim-camera", nice=5)
        self._stage: Stage | None = None
        self._close_up: CloseUp | None = None
        self._exposures = 0
        self._yaw = 0.0

    @property
    def info(self) -> CameraInfo:
        """Named as what it is."""
        return CameraInfo(
            manufacturer="dermabooth",
            model="simulated camera",
            serial=f"seed-{self._options.seed}",
            lens="simulated",
        )

    @property
    def exposure_range(self) -> ExposureRange:
        """10 µs to 1 s, up to 24 dB."""
        return ExposureRange(shortest_s=_TIME_STEP_S, longest_s=1.0, max_gain_db=24.0)

    async def _do_open(self) -> None:
        if self.dermoscope is not None:
            self._close_up = await self._worker.run(self._open_close_up)
        else:
            self._stage = await self._worker.run(self._open_stage)

    async def _do_close(self) -> None:
        self._worker.close()

    async def _do_preview(self, exposure: Exposure, shot: Shot) -> AsyncGenerator[Captured, None]:
        yaw = _YAW.get(shot.view, 0.0)
        await self._worker.run(self._turn, yaw)
        started, tick = asyncio.get_running_loop().time(), 0
        while True:
            yield await self._worker.run(self._preview_picture, exposure, tick / self._options.preview_fps)
            tick = await pace(1 / self._options.preview_fps, started, tick)

    async def _do_expose(self, exposure: Exposure, shot: Shot) -> Captured:
        self._exposures += 1
        return await self._worker.run(self._still, exposure, shot.view, self._exposures)

    def _open_stage(self) -> Stage:
        options = self._options
        size = (options.preview_width, options.preview_height)
        stage = Stage.open(
            options.seed,
            self._bench.cache_dir,
            *size,
            lambda share: self._note_progress(_PREVIEW_COST * share),
            eyes_closed=options.eyes == "closed",
        )
        # Into the cache, so that no still waits under its light.
        stage.still(
            options.width,
            options.height,
            progress=lambda share: self._note_progress(_PREVIEW_COST + (1 - _PREVIEW_COST) * share),
        )
        self._note_progress(1.0)
        return stage

    def _open_close_up(self) -> CloseUp:
        self._note_progress(0.0)
        seen = CloseUp.of(self._options.seed, self._options.width, self._options.height)
        self._note_progress(1.0)
        return seen

    def _turn(self, yaw: float) -> None:
        """Seat the subject in another pose, and have its stills in the cache before a light waits for them."""
        if yaw != self._yaw and self._close_up is None:
            self._open_scene.turn(yaw)
            self._open_scene.still(self._options.width, self._options.height, view_yaw=yaw)
            self._yaw = yaw

    def _note_progress(self, share: float) -> None:
        if self._closed:
            raise DeviceUnavailable("the simulated camera was closed while it was being prepared")
        if self._bench.progress is not None:
            self._bench.progress(share, "preparing the simulated subject")

    @property
    def _open_scene(self) -> Stage:
        if self._stage is None:
            raise DeviceUnavailable("the simulated camera is not open")
        return self._stage

    def _preview_picture(self, exposure: Exposure, at_s: float) -> Captured:
        if self._close_up is not None:
            size = self._options.preview_height, self._options.preview_width
            return self._through_dermoscope(self._close_up, _settable(exposure), size)
        shining, actual = self._bench.shining, _settable(exposure)
        light = shining.light or Light.WHITE
        factor = _factor(shining, actual)
        seen = factor * _DIFFUSE_SHARE[light] + self._stray(
            actual
        )  # looks as the lamp's does: it guides, no more
        frame, _ = self._open_scene.frame(at_s, _PHANTOM_LIGHTS[light], self._yaw)
        pixels = np.asarray(cv2.LUT(frame, _tone_table(seen)), np.uint8)
        tab = _mount_tab(pixels, _stops(seen), seed=int(at_s * 1000))
        return Captured(pixels=pixels, actual=actual, captured_at=time.time(), neutral_tab=tab)

    def _still(self, exposure: Exposure, view: View, number: int) -> Captured:
        shining, actual = self._bench.shining, _settable(exposure)
        if self._close_up is not None:
            return self._through_dermoscope(self._close_up, actual)
        if self._bench.standing is not None:
            return self._still_life(self._bench.standing, shining, actual, number)
        options, light = self._options, _PHANTOM_LIGHTS[shining.light or Light.WHITE]
        scene = self._open_scene.still(options.width, options.height, light, _YAW.get(view, 0.0))
        linear, model = scene.linear, CameraModel(exposure=_stops(_factor(shining, actual)))
        if stray := self._stray(actual):
            room = self._open_scene.still(options.width, options.height, "white", _YAW.get(view, 0.0))
            lamp = np.float32(_factor(shining, actual))
            linear, model = lamp * linear + np.float32(stray) * room.linear, CameraModel()
        raw = model.expose(linear, options.seed + number).raw
        tab = scene.neutral_tab and NeutralTab(Box(*scene.neutral_tab), NEUTRAL_TAB_REFLECTANCE)
        return Captured(
            pixels=raw,
            actual=actual,
            captured_at=time.time(),
            bit_depth=model.bits,
            transfer=Transfer.LINEAR,
            black_level=model.black_level,
            white_level=model.white_level,
            neutral_tab=tab,
            px_per_mm=scene.truth["px_per_mm"],
            calibration=CALIBRATION,
        )

    def _through_dermoscope(
        self, close_up: CloseUp, actual: Exposure, size: tuple[int, int] | None = None
    ) -> Captured:
        shining = self._bench.shining
        light = shining.light or Light.WHITE
        seen = _factor(shining, actual) * _DIFFUSE_SHARE[light] + self._stray(actual)
        pixels = cv2.LUT(close_up.picture(_PHANTOM_LIGHTS[light], size), _tone_table(seen))
        return Captured(pixels=np.asarray(pixels, np.uint8), actual=actual, captured_at=time.time())

    def _stray(self, exposure: Exposure) -> float:
        """Scale of the white scene under the room's light; no polariser is before the lens."""
        return _factor(Shining(Light.WHITE, self._bench.stray), exposure)

    def _still_life(self, standing: Standing, shining: Shining, actual: Exposure, number: int) -> Captured:
        width, height = self._options.width, self._options.height
        tab = neutral_tab(width, height)
        linear = standing(width, height).copy()
        linear[tab.box.y : tab.box.y + tab.box.height, tab.box.x : tab.box.x + tab.box.width] = (
            tab.reflectance
        )
        share = _MATTE_SHARE[shining.light or Light.WHITE]
        model = CameraModel(exposure=_stops(_factor(shining, actual) * share + self._stray(actual)))
        return Captured(
            pixels=model.expose(linear, self._options.seed + number).raw,
            actual=actual,
            captured_at=time.time(),
            bit_depth=model.bits,
            transfer=Transfer.LINEAR,
            black_level=model.black_level,
            white_level=model.white_level,
            neutral_tab=tab,
        )


def neutral_tab(width: int, height: int) -> NeutralTab:
    """The grey card in the corner of a picture of this size."""
    side = max(12, round(_TAB_SHARE * min(width, height)))
    at = max(4, side // 3)
    return NeutralTab(Box(at, at, side, side), NEUTRAL_TAB_REFLECTANCE)


def px_per_mm(width: int, height: int) -> float:
    """Scale of a picture of this size at the place of the head."""
    return min(width / FRAME_MM[0], height / FRAME_MM[1])


def _settable(exposure: Exposure) -> Exposure:
    time_s = max(1, round(exposure.time_s / _TIME_STEP_S)) * _TIME_STEP_S
    return Exposure(time_s=time_s, gain_db=round(exposure.gain_db / _GAIN_STEP_DB) * _GAIN_STEP_DB)


def _factor(shining: Shining, exposure: Exposure) -> float:
    if shining.light is None:
        return 0.0
    return shining.power * exposure.time_s / NOMINAL_S[shining.light] * 10 ** (exposure.gain_db / 20)


def _stops(factor: float) -> float:
    return math.log2(factor) if factor > 0 else _DARK_STOPS


@lru_cache(maxsize=8)
def _tone_table(factor: float) -> NDArray[np.uint8]:
    """8-bit sRGB before and after the light is scaled."""
    encoded = np.arange(256) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    scaled = np.clip(linear * factor, 0, 1)
    again = np.where(scaled <= 0.0031308, 12.92 * scaled, 1.055 * scaled ** (1 / 2.4) - 0.055)
    return np.asarray(np.rint(255 * again), np.uint8)


def _mount_tab(pixels: NDArray[np.uint8], stops: float, seed: int) -> NeutralTab:
    """The grey card in the corner of a preview: fixed to the rig, so it does not sway with the head."""
    tab = neutral_tab(pixels.shape[1], pixels.shape[0])
    side, at = tab.box.width, tab.box.x
    rim = max(1, side // 10)
    pixels[at - rim : at + side + rim, at - rim : at + side + rim] = 0
    card = np.full((side, side, 3), NEUTRAL_TAB_REFLECTANCE, np.float32)
    pixels[at : at + side, at : at + side] = CameraModel(exposure=stops).expose(card, seed).srgb
    return tab
