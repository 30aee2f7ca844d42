"""The simulated camera obeys the light: power, time and gain scale the picture, darkness is dark."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from station.devices import Bench, Camera, LatestFrame, LightRig, Shot
from station.devices.registry import make_devices
from station.errors import ConfigError
from station.protocol import Exposure, Frame, Light, View
from tests.fixtures.booth import sim_sections

pytestmark = pytest.mark.unit

Booth = tuple[Camera, LightRig]
NOMINAL = Exposure(time_s=0.01)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest_asyncio.fixture
async def booth(cache: Path) -> AsyncIterator[Booth]:
    camera, lights = make_devices(*sim_sections(), Bench(cache))
    async with camera, lights:
        yield camera, lights


def light_on_tab(frame: Frame) -> float:
    """Mean of the neutral tab as share of full scale."""
    header, tab = frame.header, frame.header.neutral_tab
    assert tab is not None
    box, inner = tab.box, tab.box.width // 4
    rows = slice(box.y + inner, box.y + box.height - inner)
    columns = slice(box.x + inner, box.x + box.width - inner)
    level = float(np.mean(frame.pixels[rows, columns]))
    return (level - header.black_level) / (header.white_level - header.black_level)


async def expose(booth: Booth, light: Light, power: float, exposure: Exposure = NOMINAL) -> Frame:
    await booth[1].set(light, power)
    return await booth[0].expose(exposure, Shot(light=light, view=View.FRONT))


@pytest.mark.parametrize(
    ("light", "power", "exposure", "share"),
    [
        (Light.WHITE, 0.5, NOMINAL, 1.0),
        (Light.WHITE, 0.25, NOMINAL, 0.5),
        (Light.WHITE, 0.5, Exposure(time_s=0.02), 2.0),
        (Light.WHITE, 0.25, Exposure(time_s=0.01, gain_db=6.0206), 1.0),
        (Light.CROSS_POLARISED, 1.0, Exposure(time_s=0.02), 1.0),
        (Light.PARALLEL_POLARISED, 1.0, Exposure(time_s=0.02), 1.0),
    ],
)
async def test_power_time_and_gain_scale_the_light(
    booth: Booth, light: Light, power: float, exposure: Exposure, share: float
) -> None:
    frame = await expose(booth, light, power, exposure)
    tab = frame.header.neutral_tab
    assert tab is not None
    assert light_on_tab(frame) == pytest.approx(share * tab.reflectance, rel=0.05)


async def test_darkness_is_dark(booth: Booth) -> None:
    await booth[1].ensure_dark()
    frame = await booth[0].expose(NOMINAL, Shot(light=Light.WHITE))
    assert abs(float(frame.pixels.mean()) - frame.header.black_level) < 2
    assert int(frame.pixels.max()) < frame.header.black_level + 20


async def test_the_actual_exposure_is_what_the_sensor_can_do(booth: Booth) -> None:
    frame = await expose(booth, Light.WHITE, 0.5, Exposure(time_s=0.0100042, gain_db=0.04))
    actual = frame.header.actual
    assert actual is not None
    assert actual.time_s == pytest.approx(0.01)
    assert actual.gain_db == 0.0


async def test_two_stills_differ_by_noise_alone(booth: Booth) -> None:
    first, second = [(await expose(booth, Light.WHITE, 0.5)).pixels.astype(int) for _ in range(2)]
    assert not np.array_equal(first, second)
    assert abs(first - second).mean() < 0.05 * first.mean()


async def test_the_view_turns_the_head(booth: Booth) -> None:
    await booth[1].set(Light.WHITE, 0.5)
    left, right = [
        (await booth[0].expose(NOMINAL, Shot(light=Light.WHITE, view=view))).pixels.astype(int)
        for view in (View.LEFT_45, View.RIGHT_45)
    ]
    assert abs(left - right).mean() > 0.05 * left.mean()


async def test_the_preview_shows_the_view_that_is_asked_for(booth: Booth) -> None:
    await booth[1].set(Light.WHITE, 0.5)
    seen = {}
    for view in (View.FRONT, View.LEFT_45, View.RIGHT_45):
        mailbox = LatestFrame()
        showing = asyncio.create_task(booth[0].preview(mailbox, NOMINAL, Shot(light=Light.WHITE, view=view)))
        frame = await mailbox.get()
        showing.cancel()
        await asyncio.wait({showing})
        assert frame.header.view is view
        seen[view] = frame.pixels.astype(int)
    front, left, right = seen.values()
    assert abs(left - right).mean() > 0.03 * front.mean()
    assert abs(front - left).mean() > 0.02 * front.mean()


def test_a_light_that_the_phantom_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"lights\.lights"):
        make_devices(sim_sections()[0], {"type": "sim", "lights": ["uncontrolled"]}, Bench(tmp_path))
