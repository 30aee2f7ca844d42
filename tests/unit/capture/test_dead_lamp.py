"""A lamp whose light is not in the picture is named, whatever falls in from outside."""

import threading
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from station.capture import play
from station.capture.proof import Outside, light_level, look_outside, prove_lit
from station.config import load_recipe
from station.devices import Bench, Camera, LightRig, Shining, Shot
from station.devices.base import Captured
from station.devices.registry import make_devices
from station.devices.sim import SimCamera
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


async def shoot(
    recipe: LightingRecipe, camera: Camera, lights: LightRig, cache: Path, only: int | None = None
) -> list[Light]:
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
            only=only,
        )
    return taken


@pytest.fixture
def exposures(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Shining, float]]:
    """Light and time of every still that a simulated camera takes."""
    taken: list[tuple[Shining, float]] = []
    expose = SimCamera._do_expose

    async def counted(camera: SimCamera, exposure: Exposure, shot: Shot) -> Captured:
        taken.append((camera._bench.shining, exposure.time_s))
        return await expose(camera, exposure, shot)

    monkeypatch.setattr(SimCamera, "_do_expose", counted)
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


@pytest.mark.parametrize("stray", [0.0, 0.02])
async def test_every_lamp_of_a_good_rig_is_proved(cache: Path, stray: float) -> None:
    camera, lights = make_devices(sim_sections()[0], {"type": "sim", "stray": stray}, Bench(cache))
    assert await shoot(STANDARD, camera, lights, cache) == [step.light for step in STANDARD.steps]


async def test_the_proof_takes_one_more_exposure_the_longest_in_the_dark(
    cache: Path, exposures: list[tuple[Shining, float]]
) -> None:
    camera, lights = make_devices(*sim_sections(), Bench(cache))
    await shoot(STANDARD, camera, lights, cache)
    longest = max(step.exposure.time_s for step in STANDARD.steps)
    assert exposures[0] == (Shining(), longest)
    assert [shining.light for shining, _ in exposures[1:]] == [step.light for step in STANDARD.steps]


async def test_one_still_again_is_proved_by_one_more_exposure_of_its_own(
    cache: Path, exposures: list[tuple[Shining, float]]
) -> None:
    camera, lights = make_devices(*sim_sections(), Bench(cache))
    assert await shoot(STANDARD, camera, lights, cache, only=1) == [STANDARD.steps[1].light]
    assert [time_s for _, time_s in exposures] == [STANDARD.steps[1].exposure.time_s] * 2


@pytest.mark.parametrize("stray", [0.0, 0.02, 0.1, 0.5])
@pytest.mark.parametrize("dead", sorted({step.light for step in STANDARD.steps}))
async def test_a_dead_lamp_is_named_and_its_picture_not_kept(cache: Path, dead: Light, stray: float) -> None:
    bench = Bench(cache)
    section = {"type": "sim", "dead": [dead], "stray": stray}
    camera, lights = make_devices(sim_sections()[0], section, bench)
    with pytest.raises(DeviceUnavailable, match=f"the {dead} lamp gives no light.*check the lamp"):
        await shoot(STANDARD, camera, lights, cache, only=[step.light for step in STANDARD.steps].index(dead))
    assert bench.shining == Shining()


async def test_a_lamp_that_dies_ends_the_sequence_at_its_step(cache: Path) -> None:
    camera, lights = make_devices(
        sim_sections()[0], {"type": "sim", "dead": ["parallel_polarised"], "stray": 0.05}, Bench(cache)
    )
    with pytest.raises(DeviceUnavailable, match="the parallel_polarised lamp gives no light"):
        await shoot(STANDARD, camera, lights, cache)


async def test_photographs_of_a_folder_need_no_lamp(tmp_path: Path) -> None:
    camera, lights, _ = files_booth(tmp_path)
    step = LightStep(light=Light.WHITE, power=0.5, exposure=Exposure(time_s=0.01))
    async with camera, lights:
        outside = await look_outside(camera, [step], SHOT)
        assert outside is None
        await prove_lit(flat(0.0), step, camera, SHOT, outside)


async def test_light_that_nobody_switches_is_not_looked_for(tmp_path: Path) -> None:
    camera, _, _ = files_booth(tmp_path)  # not open: it would say so
    steps = [replace(STEP, light=Light.UNCONTROLLED), replace(STEP, power=0.0)]
    assert await look_outside(camera, steps, SHOT) is None


def flat(
    level: float, transfer: Transfer = Transfer.LINEAR, time_s: float = 0.01, clipped_rows: int = 0
) -> Frame:
    """A 12-bit picture of one level, as a share of full scale, over a black level of 64."""
    header = FrameHeader(
        frame_id=0,
        width=64,
        height=48,
        bit_depth=12,
        transfer=transfer,
        black_level=64,
        white_level=4095,
        actual=Exposure(time_s=time_s),
    )
    pixels = np.full((48, 64, 3), 64 + level * (4095 - 64), np.uint16)
    pixels[:clipped_rows] = 4095
    return Frame(header, pixels)


class Dark:
    """A camera that sees so much in the dark, at the exposure of the step."""

    def __init__(self, camera: Camera, level: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.camera, self.level, self.exposures = camera, level, 0
        monkeypatch.setattr(camera, "expose", self._expose)

    async def _expose(self, *_: object) -> Frame:
        self.exposures += 1
        return flat(self.level)


@pytest.mark.parametrize(
    ("lit", "dark", "proved"),
    [
        (0.0, 0.0, False),
        (0.0005, 0.0, False),
        (0.002, 0.0, True),
        (0.01, 0.01, False),
        (0.011, 0.01, False),
        (0.013, 0.01, True),
        (0.03, 0.03, False),
        (0.4, 0.4, False),
        (0.4, 0.3, True),
    ],
)
async def test_light_from_outside_is_no_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lit: float, dark: float, proved: bool
) -> None:
    camera = Dark(files_booth(tmp_path)[0], dark, monkeypatch)
    outside = Outside.of(flat(8 * dark if dark < 0.1 else 1.0, time_s=0.08), STEP.exposure)
    if proved:
        await prove_lit(flat(lit), STEP, camera.camera, SHOT, outside)
    else:
        with pytest.raises(DeviceUnavailable, match=r"the uv lamp.*told to shine at 50%"):
            await prove_lit(flat(lit), STEP, camera.camera, SHOT, outside)


@pytest.mark.parametrize(
    ("outside", "doubted"),
    [
        (flat(0.0, time_s=0.08), False),
        (flat(0.16, time_s=0.08), False),  # 2 % at this exposure
        (flat(0.16, time_s=0.01), True),
        (flat(0.8, time_s=0.08), True),
        (flat(0.0, time_s=0.08, clipped_rows=8), True),  # a sixth of it: as bright here, for all one knows
    ],
)
async def test_only_what_the_light_from_outside_may_explain_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: Frame, doubted: bool
) -> None:
    camera = Dark(files_booth(tmp_path)[0], 0.0, monkeypatch)
    await prove_lit(flat(0.2), STEP, camera.camera, SHOT, Outside.of(outside, STEP.exposure))
    assert camera.exposures == doubted


async def test_a_wrong_black_level_is_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Dark(files_booth(tmp_path)[0], 0.016, monkeypatch)  # as at every exposure
    outside = Outside.of(flat(0.016, time_s=0.08), STEP.exposure)
    with pytest.raises(DeviceUnavailable, match="the uv lamp"):
        await prove_lit(flat(0.016), STEP, camera.camera, SHOT, outside)


def test_the_level_is_of_linear_light() -> None:
    assert light_level(flat(0.5)) == pytest.approx(0.5, abs=0.001)
    assert light_level(flat(0.5, Transfer.SRGB)) == pytest.approx(0.214, abs=0.001)
    assert light_level(flat(0.0)) == pytest.approx(0.0, abs=0.001)
