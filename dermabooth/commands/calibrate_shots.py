"""The pictures of a calibration, shot with the booth's own camera and lights."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from dermabooth.commands.calibrate_sim import SimChartCamera
from station.calibration import HISTORY, ChartLayout, ChartShot, Session
from station.capture.chart import ChartPhotographer, ordered_steps
from station.config import StationConfig
from station.devices import Bench, Camera, LightRig
from station.devices.registry import camera_options, make_devices
from station.devices.sim import SimCameraOptions
from station.errors import ConfigError
from station.protocol import Exposure, Frame

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
        photographer = ChartPhotographer(camera, lights, layout)
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


async def _card(photographer: ChartPhotographer, like: ChartShot, ask: Ask) -> Frame:
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
    photographer: ChartPhotographer, like: ChartShot, ask: Ask, steps: int
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
    if config.dermoscope is not None:
        raise ConfigError(
            "a calibration is of the bare lens: take camera.dermoscope out of the file, and the lens off"
        )
    camera, lights = make_devices(config.camera, config.lights, bench)
    options = camera_options(config.camera)
    if isinstance(options, SimCameraOptions):
        return SimChartCamera(options, bench, layout), lights
    return camera, lights


def _exposure(shot: ChartShot) -> Exposure:
    return shot.frame.header.actual or Exposure(time_s=0.01)


def rig_name(config: StationConfig) -> str:
    """The rig's name in its records."""
    return config.calibration.rig or config.booth_id


def is_simulated(config: StationConfig) -> bool:
    """Whether nobody needs to move a chart."""
    return config.camera.get("type") == "sim"


def history_path(config: StationConfig) -> Path:
    """The file of the daily checks, within the booth's data."""
    return config.data / "calibration" / HISTORY
