"""The simulated booth with a chart sheet, or a white card, where the face would be."""

import time
from collections.abc import AsyncGenerator, Callable
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from phantom import CameraModel
from station.calibration import ChartLayout, draw_standing
from station.devices.base import Camera, Captured, ExposureRange, Shot
from station.devices.bench import Bench
from station.devices.sim import NOMINAL_S, SimCameraOptions, neutral_tab, px_per_mm
from station.errors import DeviceUnavailable
from station.protocol import CameraInfo, Exposure, Light, NeutralTab, Transfer

BEST_FOCUS: Final = 0.0
_SHARPEST_PX = 0.6
_DEFOCUS_PX = 0.5
"""Blur (standard deviation) per unit of focus off the best."""
_DIFFUSE: Final = {Light.WHITE: 1.0, Light.PARALLEL_POLARISED: 0.5, Light.CROSS_POLARISED: 0.5, Light.UV: 0.0}
"""Share of a matte surface's light that passes the lens; neither chart nor card fluoresces."""

Target = Literal["chart", "card"]


class SimChartCamera(Camera):
    """What the simulated camera sees when `target` stands in the booth: 12-bit linear stills, exact in every place.

    `focus` moves its lens; 0 is sharpest. `optics` may alter the light before the sensor takes it.
    """

    def __init__(self, options: SimCameraOptions, bench: Bench, layout: ChartLayout) -> None:
        super().__init__()
        self._options, self._bench, self._layout = options, bench, layout
        self._exposures = 0
        self._scenes: dict[Target, NDArray[np.float32]] = {}
        self.target: Target = "chart"
        self.focus = BEST_FOCUS
        self.optics: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None

    @property
    def info(self) -> CameraInfo:
        """The simulated camera; the seed names who sits there, not the camera."""
        return CameraInfo(manufacturer="dermabooth", model="simulated camera", lens="simulated")

    @property
    def exposure_range(self) -> ExposureRange:
        """As of the simulated camera."""
        return ExposureRange(shortest_s=1e-5, longest_s=1.0, max_gain_db=24.0)

    @property
    def px_per_mm(self) -> float:
        """The true scale."""
        return px_per_mm(self._options.width, self._options.height)

    async def _do_open(self) -> None:
        """Nothing to reach."""

    async def _do_close(self) -> None:
        """Nothing to let go of."""

    async def _do_preview(self, exposure: Exposure, shot: Shot) -> AsyncGenerator[Captured, None]:
        none: tuple[Captured, ...] = ()
        for picture in none:
            yield picture
        raise DeviceUnavailable("the chart stands still: it has no preview")

    async def _do_expose(self, exposure: Exposure, shot: Shot) -> Captured:
        self._exposures += 1
        shining = self._bench.shining
        light = shining.light or Light.WHITE
        gain = shining.power * exposure.time_s / NOMINAL_S[light] * 10 ** (exposure.gain_db / 20)
        scene = self._scene() * np.float32(gain * _DIFFUSE[light] if shining.light else 0.0)
        if self.optics is not None:
            scene = self.optics(scene)
        blur = float(np.hypot(_SHARPEST_PX, _DEFOCUS_PX * (self.focus - BEST_FOCUS)))
        model = CameraModel(psf_sigma_px=blur)
        return Captured(
            pixels=model.expose(scene, self._options.seed + self._exposures).raw,
            actual=exposure,
            captured_at=time.time(),
            bit_depth=model.bits,
            transfer=Transfer.LINEAR,
            black_level=model.black_level,
            white_level=model.white_level,
            neutral_tab=self._tab(),
        )

    def _scene(self) -> NDArray[np.float32]:
        if self.target not in self._scenes:
            self._scenes[self.target] = self._draw()
        return self._scenes[self.target]

    def _draw(self) -> NDArray[np.float32]:
        width, height = self._options.width, self._options.height
        if self.target == "card":
            return np.ones((height, width, 3), np.float32)
        scene = draw_standing(self._layout, width, height, self.px_per_mm)
        tab = self._tab()
        box = tab.box
        scene[box.y : box.y + box.height, box.x : box.x + box.width] = tab.reflectance
        return scene

    def _tab(self) -> NeutralTab:
        return neutral_tab(self._options.width, self._options.height)
