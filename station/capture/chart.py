"""The chart sheet shot with the booth's own camera and lights, for its calibration and its daily check."""

import asyncio
from collections.abc import Iterable
from typing import Final

from station.calibration import ChartLayout, ChartShot, find_sheet, read_chart
from station.devices import Camera, LightRig, Shot
from station.errors import BadPicture, ConfigError
from station.protocol import Exposure, Frame, Light, LightStep

CHART_SHARE: Final = 0.75
"""Of the recipe's exposure time to begin with: paper is brighter than skin."""
LESS: Final = 0.7
TRIES: Final = 8
SETTLE_S: Final = 0.2
"""Time for a lamp to reach its level, at least."""


def ordered_steps(steps: Iterable[LightStep], on_rig: Iterable[Light]) -> list[LightStep]:
    """One step for every light of the recipe that the rig has, white first; raises `ConfigError` where there is none.

    Ultraviolet light is left out: the sheet is dark under it, and the lamp's output is what a meter reads.
    """
    known = set(on_rig) - {Light.UV}
    found = {step.light: step for step in steps if step.light in known}
    if not found:
        raise ConfigError("the visit protocol's recipe has none of the rig's lights")
    return sorted(found.values(), key=lambda step: step.light is not Light.WHITE)


class ChartPhotographer:
    """Takes pictures of whatever stands in the place of the head; the lights are dark after each."""

    def __init__(self, camera: Camera, lights: LightRig, layout: ChartLayout) -> None:
        self.camera, self._lights, self._layout = camera, lights, layout
        self._plane_of: Frame | None = None
        self._settle_s: dict[Light, float] = {}

    async def chart(self, step: LightStep) -> ChartShot:
        """The chart under one light, exposed so that its white field is not clipped."""
        self._settle_s[step.light] = step.settle_s
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
        """One picture under one light, which has the time to reach its level that the chart's step gave it."""
        try:
            await self._lights.set(light, power)
            await asyncio.sleep(max(SETTLE_S, self._settle_s.get(light, 0.0)))
            return await self.camera.expose(exposure, Shot(light=light))
        finally:
            await self._lights.ensure_dark()

    def _white_is_clipped(self, frame: Frame) -> bool:
        plane, _ = find_sheet(self._plane_of or frame)
        return read_chart(frame, self._layout, plane=plane).white.clipped


def _scaled(exposure: Exposure, share: float) -> Exposure:
    return Exposure(time_s=exposure.time_s * share, gain_db=exposure.gain_db)
