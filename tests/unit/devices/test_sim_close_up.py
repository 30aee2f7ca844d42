"""The simulated camera with a dermoscope: a piece of skin in the light that falls on it, and headers that say so."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from station.devices import Bench, Camera, LatestFrame, LightRig, Shot
from station.devices.registry import make_devices
from station.protocol import Dermoscope, Exposure, Frame, Light, View
from tests.fixtures.booth import sim_sections

pytestmark = pytest.mark.unit

Booth = tuple[Camera, LightRig]
NOMINAL = Exposure(time_s=0.01)


@pytest_asyncio.fixture
async def booth(tmp_path: Path) -> AsyncIterator[Booth]:
    camera, lights = sim_sections()
    sections = {**camera, "dermoscope": {"contact": False, "magnification": 20}}, lights
    made, rig = make_devices(*sections, Bench(tmp_path))
    async with made, rig:
        yield made, rig


async def expose(booth: Booth, light: Light, power: float) -> Frame:
    await booth[1].set(light, power)
    return await booth[0].expose(NOMINAL, Shot(light=light))


async def test_it_shows_skin_and_says_through_what(booth: Booth) -> None:
    frame = await expose(booth, Light.WHITE, 0.5)
    assert frame.header.dermoscope == Dermoscope(contact=False, magnification=20.0)
    assert frame.header.neutral_tab is None
    assert frame.header.px_per_mm is None
    red, green, blue = frame.pixels.reshape(-1, 3).mean(0)
    assert red > green > blue
    assert frame.pixels.std() > 2
    assert not np.array_equal(frame.pixels, (await expose(booth, Light.CROSS_POLARISED, 1.0)).pixels)


async def test_less_light_is_darker_and_none_is_dark(booth: Booth) -> None:
    means = [float((await expose(booth, Light.WHITE, power)).pixels.mean()) for power in (0.5, 0.25, 0.0)]
    assert means[0] > 1.2 * means[1]
    assert means[2] == 0


async def test_the_preview_shows_the_same(booth: Booth) -> None:
    await booth[1].set(Light.WHITE, 0.5)
    into = LatestFrame()
    showing = asyncio.create_task(
        booth[0].preview(into, NOMINAL, Shot(light=Light.WHITE, view=View.UNSPECIFIED))
    )
    frame = await into.get(-1)
    showing.cancel()
    assert (frame.header.width, frame.header.height) == (160, 120)
    assert frame.header.dermoscope is not None
    still = (await asyncio.wait_for(_after(showing, booth), 30)).pixels
    assert abs(float(frame.pixels.mean()) - float(still.mean())) < 4


async def _after(showing: "asyncio.Task[None]", booth: Booth) -> Frame:
    await asyncio.wait({showing})
    return await expose(booth, Light.WHITE, 0.5)
