"""What every light rig holds: dark unless told otherwise, dark again whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from station.devices import LightRig, Shining
from station.devices.registry import LIGHT_RIGS
from station.errors import DeviceUnavailable, LightUnavailable
from station.protocol import Light
from tests.contract.devices.light_counterparts import COUNTERPARTS, Stand, stand

pytestmark = pytest.mark.contract


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A counterpart in a busy test answers later than a controller does."""
    for driver in ("modbus", "serial"):
        monkeypatch.setattr(f"station.devices.{driver}.lights._ANSWER_LIMIT_S", 2.0)


@pytest_asyncio.fixture(params=sorted(LIGHT_RIGS))
async def closed(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stand]:
    async with stand(request.param, tmp_path) as found:
        yield found


@pytest_asyncio.fixture
async def lit(closed: Stand) -> AsyncIterator[Stand]:
    async with closed.rig:
        yield closed


@pytest_asyncio.fixture
async def rig(lit: Stand) -> LightRig:
    return lit.rig


def test_every_driver_has_a_counterpart() -> None:
    assert COUNTERPARTS.keys() == LIGHT_RIGS.keys(), (
        "say in light_counterparts.py what stands at the other end of every registered type"
    )


async def test_dark_after_construction(lit: Stand) -> None:
    assert lit.rig.lights
    assert lit.rig.shining == Shining()
    await lit.shows()


async def test_one_light_at_a_time(lit: Stand) -> None:
    for light in sorted(lit.rig.lights - {Light.UV}):
        await lit.rig.set(light, 0.25)
        assert lit.rig.shining == Shining(light, 0.25)
        await lit.shows((light, 0.25))
    await lit.rig.set(light, 0.0)
    assert lit.rig.shining == Shining()
    await lit.shows()


async def test_full_power_is_full(lit: Stand) -> None:
    await lit.rig.set(Light.WHITE, 1.0)
    await lit.shows((Light.WHITE, 1.0))


@pytest.mark.parametrize("power", [-0.1, 1.01, float("nan")])
async def test_power_out_of_range_is_refused_with_the_range(rig: LightRig, power: float) -> None:
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        await rig.set(min(rig.lights), power)
    assert rig.shining == Shining()


async def test_an_unknown_light_names_the_known_ones(rig: LightRig) -> None:
    with pytest.raises(LightUnavailable, match=str(min(rig.lights))):
        await rig.set(min(set(Light) - rig.lights), 0.5)


async def test_ultraviolet_light_has_a_door_of_its_own(tmp_path: Path) -> None:
    async with stand("sim", tmp_path) as found, found.rig as rig:
        with pytest.raises(LightUnavailable, match="ultraviolet light shines only"):
            await rig.set(Light.UV, 1.0)
        async with rig.ultraviolet():
            await rig.set(Light.UV, 1.0)
            await found.shows((Light.UV, 1.0))
        await found.shows()
        with pytest.raises(LightUnavailable):
            await rig.set(Light.UV, 1.0)


async def test_dark_is_reached_even_by_a_cancelled_caller(lit: Stand) -> None:
    await lit.rig.set(min(lit.rig.lights), 1.0)
    task = asyncio.create_task(lit.rig.ensure_dark())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    assert lit.rig.shining == Shining()
    await lit.shows()


async def test_a_cancelled_set_is_dark(lit: Stand) -> None:
    task = asyncio.create_task(lit.rig.set(min(lit.rig.lights), 1.0))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    if task.cancelled():
        assert lit.rig.shining == Shining()
        await lit.shows()
    await lit.rig.set(min(lit.rig.lights), 0.5)
    await lit.shows((min(lit.rig.lights), 0.5))


async def test_dark_after_an_error_and_after_closing(closed: Stand) -> None:
    rig = closed.rig

    async def fail_under_light() -> None:
        async with rig:
            await rig.set(min(rig.lights), 0.5)
            await closed.shows((min(rig.lights), 0.5))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail_under_light()
    await closed.shows()
    await rig.close()
    with pytest.raises(DeviceUnavailable):
        await rig.set(min(rig.lights), 0.5)


async def test_dark_when_the_driver_fails(closed: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = closed.rig
    shine = rig._do_set

    async def fail_half_way(light: Light, power: float) -> None:
        await shine(light, power)
        raise DeviceUnavailable("the lamp does not answer")

    async with rig:
        monkeypatch.setattr(rig, "_do_set", fail_half_way)
        with pytest.raises(DeviceUnavailable):
            await rig.set(min(rig.lights), 0.5)
        await closed.shows()
        assert rig.shining == Shining()


async def test_a_rig_is_opened_once(closed: Stand) -> None:
    async with closed.rig:
        with pytest.raises(DeviceUnavailable, match="before"):
            await closed.rig.__aenter__()
    with pytest.raises(DeviceUnavailable, match="before"):
        await closed.rig.__aenter__()
