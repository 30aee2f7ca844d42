"""A lighting recipe played out on real drivers: the lights are dark whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from station.capture import play
from station.devices import Bench, Camera, Captured, LightRig, Shining, Shot
from station.errors import DeviceError, ExposureRefused, LightUnavailable
from station.protocol import Exposure, Frame, Light, LightingRecipe, LightStep, Preparation, View
from tests.fixtures.booth import a_protocol, files_booth

pytestmark = pytest.mark.unit

Booth = tuple[Camera, LightRig, Bench]


@pytest_asyncio.fixture
async def booth(tmp_path: Path) -> AsyncIterator[Booth]:
    camera, lights, bench = files_booth(tmp_path)
    async with camera, lights:
        yield camera, lights, bench


class Taker:
    """Takes frames, and may do something else instead."""

    def __init__(self, bench: Bench, failure: BaseException | None = None) -> None:
        self.frames: list[Frame] = []
        self.lit: list[int] = []
        self.shining: list[Shining] = []
        self._bench = bench
        self._failure = failure

    async def take(self, frame: Frame) -> None:
        self.shining.append(self._bench.shining)
        self.frames.append(frame)
        if self._failure is not None:
            raise self._failure


async def play_all(booth: Booth, taker: Taker, recipe: LightingRecipe | None = None) -> None:
    camera, lights, _ = booth
    await play(
        recipe or a_protocol().recipe,
        camera,
        lights,
        view=View.FRONT,
        preparation=Preparation.CLEANSED,
        lighting=taker.lit.append,
        exposed=taker.take,
    )


async def test_each_light_is_shot_and_dark_before_its_frame_leaves(booth: Booth) -> None:
    taker = Taker(booth[2])
    await play_all(booth, taker)
    headers = [frame.header for frame in taker.frames]
    assert [header.light for header in headers] == [step.light for step in a_protocol().recipe.steps]
    assert [header.step for header in headers] == taker.lit == [0, 1, 2]
    assert {header.preparation for header in headers} == {Preparation.CLEANSED}
    assert all(header.requested and header.actual for header in headers)
    assert taker.shining == [Shining()] * 3
    brightness = [float(frame.pixels.mean()) for frame in taker.frames]
    assert brightness == sorted(brightness, reverse=True)


async def test_dark_when_the_taker_fails(booth: Booth) -> None:
    with pytest.raises(OSError, match="disk"):
        await play_all(booth, Taker(booth[2], OSError("disk")))
    assert booth[2].shining == Shining()


async def test_dark_when_the_camera_fails_under_light(booth: Booth, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Shining] = []
    expose = booth[0]._do_expose

    async def fail(exposure: Exposure, shot: Shot) -> Captured:
        if booth[2].shining == Shining():
            return await expose(exposure, shot)
        seen.append(booth[2].shining)
        raise DeviceError("no answer")

    monkeypatch.setattr(booth[0], "_do_expose", fail)
    with pytest.raises(DeviceError, match="no answer"):
        await play_all(booth, Taker(booth[2]))
    assert seen == [Shining(Light.WHITE, 0.5)]
    assert booth[2].shining == Shining()


@pytest.mark.parametrize("turns", range(1, 12))
async def test_dark_when_cancelled_anywhere(booth: Booth, turns: int) -> None:
    task = asyncio.create_task(play_all(booth, Taker(booth[2])))
    for _ in range(turns):
        await asyncio.sleep(0.001)
    task.cancel()
    await asyncio.wait({task})
    assert booth[2].shining == Shining()


async def test_a_recipe_beyond_the_instruments_lights_nothing(booth: Booth) -> None:
    good = LightStep(light=Light.WHITE, power=0.5, exposure=Exposure(time_s=0.01))
    unknown = LightStep(light=Light.UV, power=0.5, exposure=Exposure(time_s=0.01))
    taker = Taker(booth[2])
    with pytest.raises(LightUnavailable, match="uv"):
        await play_all(booth, taker, LightingRecipe(name="x", steps=(good, unknown)))
    short = LightStep(light=Light.WHITE, power=0.5, exposure=Exposure(time_s=1e-9))
    with pytest.raises(ExposureRefused, match="this camera takes"):
        await play_all(booth, taker, LightingRecipe(name="x", steps=(good, short)))
    assert taker.lit == []
