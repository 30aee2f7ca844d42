"""A lamp whose light is not in the picture is named, whatever falls in from outside."""

import threading
from pathlib import Path

import numpy as np
import pytest

from station.capture import play
from station.capture.proof import light_level, prove_lit
from station.config import load_recipe
from station.devices import Bench, Camera, LightRig, Shining, Shot
from station.devices.registry import make_devices
from station.errors import DeviceUnavailable
from station.protocol import (
    Exposure,
    Frame,
    FrameHeader,
    Light,
    LightingRecipe,
    LightStep,
    Preparation,
    Transfer,
    View,
)
from tests.fixtures.booth import files_booth, sim_sections, ultraviolet_permission

pytestmark = pytest.mark.unit

STANDARD = load_recipe(Path(__file__).parents[3] / "configs/lighting/standard.toml")
STEP = LightStep(light=Light.UV, power=0.5, exposure=Exposure(time_s=0.01))
SHOT = Shot(light=Light.UV)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


async def shoot(recipe: LightingRecipe, camera: Camera, lights: LightRig, cache: Path) -> list[Light]:
    taken: list[Light] = []

    async def keep(frame: Frame) -> None:
        taken.append(frame.header.light)

    async with camera, lights, ultraviolet_permission(cache) as ultraviolet:
        await play(
            recipe,
            camera,
            lights,
            view=View.FRONT,
            preparation=Preparation.CLEANSED,
            lighting=lambda _: None,
            exposed=keep,
            ultraviolet=ultraviolet,
        )
    return taken


async def test_a_picture_is_looked_at_beside_the_event_loop(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 0.1 s for 24 MP in sRGB: the lights' heartbeat and the preview must not wait for it.
    threads: list[threading.Thread] = []

    def watched(frame: Frame) -> float:
        threads.append(threading.current_thread())
        return light_level(frame)

    monkeypatch.setattr("station.capture.proof.light_level", watched)
    camera, lights = make_devices(*sim_sections(), Bench(cache))
    await shoot(STANDARD, camera, lights, cache)
    assert len(threads) >= len(STANDARD.steps)
    assert threading.main_thread() not in threads


async def test_every_lamp_of_a_good_rig_is_proved(cache: Path) -> None:
    camera, lights = make_devices(*sim_sections(), Bench(cache))
    assert await shoot(STANDARD, camera, lights, cache) == [step.light for step in STANDARD.steps]


@pytest.mark.parametrize("dead", sorted({step.light for step in STANDARD.steps}))
async def test_a_dead_lamp_is_named_and_its_picture_not_kept(cache: Path, dead: Light) -> None:
    bench = Bench(cache)
    camera, lights = make_devices(sim_sections()[0], {"type": "sim", "dead": [dead]}, bench)
    with pytest.raises(DeviceUnavailable, match=f"the {dead} lamp gives no light.*check the lamp"):
        await shoot(STANDARD, camera, lights, cache)
    assert bench.shining == Shining()


async def test_photographs_of_a_folder_need_no_lamp(tmp_path: Path) -> None:
    camera, lights, _ = files_booth(tmp_path)
    step = LightStep(light=Light.WHITE, power=0.5, exposure=Exposure(time_s=0.01))
    async with camera, lights:
        await prove_lit(flat(0.0), step, camera, SHOT)


def flat(level: float, transfer: Transfer = Transfer.LINEAR) -> Frame:
    """A 12-bit picture of one level, as a share of full scale, over a black level of 64."""
    header = FrameHeader(
        frame_id=0, width=64, height=48, bit_depth=12, transfer=transfer, black_level=64, white_level=4095
    )
    return Frame(header, np.full((48, 64, 3), 64 + level * (4095 - 64), np.uint16))


@pytest.mark.parametrize(
    ("lit", "dark", "proved"),
    [
        (0.0, 0.0, False),
        (0.0005, 0.0, False),
        (0.002, 0.0, True),
        (0.01, 0.01, False),
        (0.011, 0.01, False),
        (0.013, 0.01, True),
        (0.03, 0.03, True),  # bright beyond doubt: no dark picture is taken
    ],
)
async def test_light_from_outside_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lit: float, dark: float, proved: bool
) -> None:
    camera, _, _ = files_booth(tmp_path)

    async def in_the_dark(*_: object) -> Frame:
        return flat(dark)

    monkeypatch.setattr(camera, "expose", in_the_dark)
    if proved:
        await prove_lit(flat(lit), STEP, camera, SHOT)
    else:
        with pytest.raises(DeviceUnavailable, match=r"the uv lamp.*told to shine at 50%"):
            await prove_lit(flat(lit), STEP, camera, SHOT)


def test_the_level_is_of_linear_light() -> None:
    assert light_level(flat(0.5)) == pytest.approx(0.5, abs=0.001)
    assert light_level(flat(0.5, Transfer.SRGB)) == pytest.approx(0.214, abs=0.001)
    assert light_level(flat(0.0)) == pytest.approx(0.0, abs=0.001)
