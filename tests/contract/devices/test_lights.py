"""What every light rig holds: dark unless told otherwise, dark again whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from station.devices import Bench, LightRig, Shining
from station.devices.registry import LIGHT_RIGS, make_devices
from station.errors import DeviceUnavailable, LightUnavailable
from station.protocol import Light
from tests.fixtures.booth import files_sections, picture_folder, sim_sections

pytestmark = pytest.mark.contract


def make_rig(kind: str, folder: Path) -> tuple[LightRig, Bench]:
    bench = Bench(folder)
    sections = files_sections(picture_folder(folder)) if kind == "files" else sim_sections()
    return make_devices(*sections, bench)[1], bench


@pytest_asyncio.fixture(params=sorted(LIGHT_RIGS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[LightRig]:
    lights, _ = make_rig(request.param, tmp_path)
    async with lights:
        yield lights


async def test_dark_after_construction(rig: LightRig) -> None:
    assert rig.lights
    assert rig.shining == Shining()


async def test_one_light_at_a_time(rig: LightRig) -> None:
    for light in sorted(rig.lights):
        await rig.set(light, 0.25)
        assert rig.shining == Shining(light, 0.25)
    await rig.set(light, 0.0)
    assert rig.shining == Shining()


@pytest.mark.parametrize("power", [-0.1, 1.01, float("nan")])
async def test_power_out_of_range_is_refused_with_the_range(rig: LightRig, power: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        await rig.set(min(rig.lights), power)
    assert rig.shining == Shining()


async def test_an_unknown_light_names_the_known_ones(rig: LightRig) -> None:
    with pytest.raises(LightUnavailable, match=str(min(rig.lights))):
        await rig.set(min(set(Light) - rig.lights), 0.5)


async def test_dark_is_reached_even_by_a_cancelled_caller(rig: LightRig) -> None:
    await rig.set(min(rig.lights), 1.0)
    task = asyncio.create_task(rig.ensure_dark())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert rig.shining == Shining()


@pytest.mark.parametrize("kind", sorted(LIGHT_RIGS))
async def test_dark_after_an_error_and_after_closing(kind: str, tmp_path: Path) -> None:
    rig, bench = make_rig(kind, tmp_path)

    async def fail_under_light() -> None:
        async with rig:
            await rig.set(min(rig.lights), 0.5)
            assert bench.shining.light is not None
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_under_light()
    assert bench.shining == Shining()
    await rig.close()
    with pytest.raises(DeviceUnavailable):
        await rig.set(min(rig.lights), 0.5)


@pytest.mark.parametrize("kind", sorted(LIGHT_RIGS))
async def test_dark_when_the_driver_fails(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, bench = make_rig(kind, tmp_path)
    shine = rig._do_set

    async def fail_half_way(light: Light, power: float) -> None:
        await shine(light, power)
        raise DeviceUnavailable("the lamp does not answer")

    async with rig:
        monkeypatch.setattr(rig, "_do_set", fail_half_way)
        with pytest.raises(DeviceUnavailable):
            await rig.set(min(rig.lights), 0.5)
        assert bench.shining == Shining()
        assert rig.shining == Shining()
