"""The chart is shot as stills are: with the lamp at its level."""

import time
from pathlib import Path

import pytest

from station.calibration import sheet_named
from station.capture.chart import SETTLE_S, ChartPhotographer
from station.devices import Bench, Shot
from station.devices.registry import make_devices
from station.errors import BadPicture
from station.protocol import Exposure, Frame, Light, LightStep
from tests.fixtures.booth import sim_sections

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("settle_s", [0.0, 0.6])
async def test_a_slow_lamp_has_its_recipe_s_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settle_s: float
) -> None:
    camera, lights = make_devices(*sim_sections(), Bench(tmp_path))
    step = LightStep(light=Light.WHITE, power=0.5, exposure=Exposure(time_s=0.01), settle_s=settle_s)
    lit = exposed = 0.0
    shine = lights._do_set

    async def set_light(light: Light, power: float) -> None:
        nonlocal lit
        await shine(light, power)
        lit = time.monotonic()

    async def expose(exposure: Exposure, shot: Shot) -> Frame:
        nonlocal exposed
        exposed = time.monotonic()
        raise BadPicture("enough was seen")

    monkeypatch.setattr(lights, "_do_set", set_light)
    monkeypatch.setattr(camera, "expose", expose)
    async with lights:
        with pytest.raises(BadPicture, match="enough"):
            await ChartPhotographer(camera, lights, sheet_named("classic-24")).chart(step)
    assert exposed - lit >= max(SETTLE_S, settle_s) - 0.01
