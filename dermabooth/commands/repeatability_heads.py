"""Heads seated again and again: the phantom's, or those of people in front of a booth."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import numpy as np

from phantom import NEUTRAL_TAB_REFLECTANCE, CameraModel, Identity, Pose, shade, trace
from phantom import Light as PhantomLight
from station.calibration import Calibration
from station.config import StationConfig
from station.devices import Bench, Shot
from station.devices.registry import make_devices
from station.protocol import Box, CameraInfo, Frame, FrameHeader, Light, LightStep, NeutralTab, Transfer, View

PHANTOM_SIZE: Final = (900, 600)
"""Picture of a phantom head, px; there is a calibration record of the simulated booth for it."""
SEATING_DEG: Final = 1.0
"""Standard deviation of yaw, pitch and roll from one seating of a phantom head to the next."""
MEASURED: Final[Mapping[Light, PhantomLight]] = {
    Light.WHITE: "white",
    Light.CROSS_POLARISED: "cross_polarised",
    Light.PARALLEL_POLARISED: "parallel_polarised",
}
"""The lights whose pictures are measured; fluorescence would cost everybody another dose of ultraviolet light."""
_CAMERA = CameraInfo(manufacturer="dermabooth", model="simulated camera", lens="simulated")


@dataclass(frozen=True)
class Seating:
    """One capture of one head."""

    head: str
    capture: int
    """From 1."""
    frames: Mapping[Light, Frame]


async def phantom_seatings(
    heads: int, captures: int, calibration: Calibration, seed: int = 1
) -> AsyncGenerator[Seating, None]:
    """Heads of the phantom, seated anew for every capture: turned by a degree or so, under new noise."""
    for head in range(heads):
        for capture in range(captures):
            frames = await asyncio.to_thread(_phantom, seed + head, capture, calibration)
            yield Seating(f"phantom-{seed + head}", capture + 1, frames)


async def booth_seatings(
    config: StationConfig, heads: int, captures: int, ask: Callable[[str], None]
) -> AsyncGenerator[Seating, None]:
    """People before a booth, who get up between captures; `ask` tells the operator whom to seat. Raises `StationError`."""
    calibration = config.load_calibration()
    camera, lights = make_devices(config.camera, config.lights, Bench(config.data / "cache"))
    async with AsyncExitStack() as opened:
        await opened.enter_async_context(camera)
        await opened.enter_async_context(lights)
        steps = measured_steps(config.visit_protocol.recipe.steps, lights.lights)
        for head in range(1, heads + 1):
            for capture in range(1, captures + 1):
                ask(
                    f"Seat head {head} of {heads}, capture {capture} of {captures}: up and down again, face to the front."
                )
                frames: dict[Light, Frame] = {}
                for step in steps:
                    try:
                        await lights.set(step.light, step.power)
                        await asyncio.sleep(step.settle_s)
                        shot = Shot(light=step.light, view=View.FRONT, step=len(frames))
                        frames[step.light] = calibration.stamped(await camera.expose(step.exposure, shot))
                    finally:
                        await lights.ensure_dark()
                yield Seating(f"head-{head}", capture, frames)


def measured_steps(steps: Iterable[LightStep], on_rig: Iterable[Light]) -> list[LightStep]:
    """The steps of a recipe whose light the rig has and whose picture is measured."""
    known = set(on_rig) & set(MEASURED)
    return [step for step in steps if step.light in known]


def _phantom(seed: int, capture: int, calibration: Calibration) -> dict[Light, Frame]:
    yaw, pitch, roll = np.random.default_rng([seed, capture, 7]).normal(0, SEATING_DEG, 3)
    width, height = PHANTOM_SIZE
    geometry = trace(Identity.sample(seed), width, height, Pose(float(yaw), float(pitch), float(roll)))
    frames = {}
    for step, (light, shaded) in enumerate(MEASURED.items()):
        scene = shade(geometry, shaded)
        model = CameraModel(exposure=0.0 if light is Light.WHITE else 1.0)
        tab = scene.neutral_tab and NeutralTab(Box(*scene.neutral_tab), NEUTRAL_TAB_REFLECTANCE)
        header = FrameHeader(
            frame_id=step,
            width=width,
            height=height,
            bit_depth=model.bits,
            transfer=Transfer.LINEAR,
            black_level=model.black_level,
            white_level=model.white_level,
            light=light,
            view=View.FRONT,
            step=step,
            captured_at=time.time(),
            camera=_CAMERA,
            neutral_tab=tab,
        )
        raw = model.expose(scene.linear, 1000 * seed + 10 * capture + step).raw
        frames[light] = calibration.stamped(Frame(header, raw))
    return frames
