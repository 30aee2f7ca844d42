"""The pictures of a calibration, shot with the booth's own camera and lights."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from dermabooth.commands.calibrate_sim import SimChartCamera
from station.calibration import ChartLayout, ChartShot, Session, find_sheet, read_chart
from station.config import StationConfig
from station.devices import Bench, Camera, LightRig, Shot
from station.devices.registry import camera_options, make_devices
from station.devices.sim import SimCameraOptions
from station.errors import BadPicture, ConfigError
from station.protocol import Exposure, Frame, Light, LightStep

CHART_SHARE: Final = 0.75
"""Of the recipe's exposure time to begin with: paper is brighter than skin."""
LESS: Final = 0.7
TRIES: Final = 8
SIM_FOCUS: Final = (-2.0, -1.0, 0.0, 1.0, 2.0)

Ask = Callable[[str], None]
"""Tells the operator what to do, and returns when it is done."""


async def shoot_session(
    config: StationConfig,
    layout: ChartLayout,
    ask: Ask,
    *,
    card: bool,
    focus_steps: int = 0,
    distance_mm: float,
) -> Session:
    """The chart under every light of the recipe, white first; a white card and a focus series where asked for.

    The lights are dark when this ends. Raises `StationError`.
    """
    bench = Bench(config.data / "cache")
    camera, lights = _instruments(config, layout, bench)
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(camera)
        await opened.enter_async_context(lights)
        photographer = _Photographer(camera, lights, layout)
        ask("Stand the chart sheet where the face is, square to the camera, all four markers in sight.")
        steps = ordered_steps(config.visit_protocol.recipe.steps, lights.lights)
        shots = [await photographer.chart(step) for step in steps]
        focus = await _focus_series(photographer, shots[0], ask, focus_steps)
        return Session(
            layout=layout,
            shots=shots,
            card=await _card(photographer, shots[0], ask) if card else None,
            focus=focus,
            distance_mm=distance_mm,
        )


def ordered_steps(steps: Iterable[LightStep], on_rig: Iterable[Light]) -> list[LightStep]:
    """One step for every light of the recipe that the rig has, white first; raises `ConfigError` where there is none.

    Ultraviolet light is left out: the sheet is dark under it, and the lamp's output is what a meter reads.
    """
    known = set(on_rig) - {Light.UV}
    found = {step.light: step for step in steps if step.light in known}
    if not found:
        raise ConfigError("the visit protocol's recipe has none of the rig's lights")
    return sorted(found.values(), key=lambda step: step.light is not Light.WHITE)


class _Photographer:
    def __init__(self, camera: Camera, lights: LightRig, layout: ChartLayout) -> None:
        self.camera, self._lights, self._layout = camera, lights, layout
        self._plane_of: Frame | None = None

    async def chart(self, step: LightStep) -> ChartShot:
        """The chart under one light, exposed so that its white field is not clipped."""
        exposure = _scaled(step.exposure, CHART_SHARE)
        for _ in range(TRIES):
            frame = await self.shoot(step.light, step.power, exposure)
            if not await asyncio.to_thread(self._white_is_clipped, frame):
                self._plane_of = self._plane_of or frame
                return ChartShot(frame=frame, power=step.power)
            exposure = _scaled(exposure, LESS)
        raise BadPicture(
            f"the chart is too bright under {step.light} light at {exposure.time_s:g} s: turn the lamp down"
        )

    async def shoot(self, light: Light, power: float, exposure: Exposure) -> Frame:
        try:
            await self._lights.set(light, power)
            await asyncio.sleep(0.2)
            return await self.camera.expose(exposure, Shot(light=light))
        finally:
            await self._lights.ensure_dark()

    def _white_is_clipped(self, frame: Frame) -> bool:
        plane, _ = find_sheet(self._plane_of or frame)
        return read_chart(frame, self._layout, plane=plane).white.clipped


async def _card(photographer: _Photographer, like: ChartShot, ask: Ask) -> Frame:
    ask("Hold an even white card in front of the chart, so that it fills the picture.")
    camera = photographer.camera
    if isinstance(camera, SimChartCamera):
        camera.target = "card"
    try:
        return await photographer.shoot(like.light, like.power, _exposure(like))
    finally:
        if isinstance(camera, SimChartCamera):
            camera.target = "chart"


async def _focus_series(
    photographer: _Photographer, like: ChartShot, ask: Ask, steps: int
) -> list[tuple[float, Frame]]:
    camera = photographer.camera
    simulated = camera if isinstance(camera, SimChartCamera) else None
    positions = SIM_FOCUS if simulated and steps else tuple(float(step) for step in range(1, steps + 1))
    series = []
    for position in positions:
        if simulated is not None:
            simulated.focus = position
        else:
            ask(f"Set the focus to position {position:g} of {steps}, from near to far.")
        series.append((position, await photographer.shoot(like.light, like.power, _exposure(like))))
    if simulated is not None:
        simulated.focus = 0.0
    elif series:
        ask("Set the focus back to the sharpest position and lock it.")
    return series


def _instruments(config: StationConfig, layout: ChartLayout, bench: Bench) -> tuple[Camera, LightRig]:
    camera, lights = make_devices(config.camera, config.lights, bench)
    options = camera_options(config.camera)
    if isinstance(options, SimCameraOptions):
        return SimChartCamera(options, bench, layout), lights
    return camera, lights


def _exposure(shot: ChartShot) -> Exposure:
    return shot.frame.header.actual or Exposure(time_s=0.01)


def _scaled(exposure: Exposure, share: float) -> Exposure:
    return Exposure(time_s=exposure.time_s * share, gain_db=exposure.gain_db)


def rig_name(config: StationConfig) -> str:
    """The rig's name in its records."""
    return config.calibration.rig or config.booth_id


def is_simulated(config: StationConfig) -> bool:
    """Whether nobody needs to move a chart."""
    return config.camera.get("type") == "sim"


def history_path(config: StationConfig, file: str) -> Path:
    """A file of the daily checks, within the booth's data."""
    return config.data / "calibration" / file
