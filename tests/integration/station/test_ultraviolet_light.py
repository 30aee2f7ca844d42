"""Ultraviolet light in a whole booth: the eyes are seen, the dose is booked, and what is refused costs no other light."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dermabooth.resources import face_model
from station.config import StationConfig
from station.kiosk import BoothState, StillStage, VisitRequest
from station.protocol import Light, Patient
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
FACE_MODEL = face_model()
ANN = VisitRequest(patient=Patient(patient_id="ann"))
MakeBooth = Callable[..., StationConfig]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def make_booth(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> MakeBooth:
    """The shipped simulated booth, smaller, whose subject is rendered once; a look at the eyes holds while others compute."""
    monkeypatch.setattr("station.agent.quality.EYES_S", 10.0)
    data = tmp_path / "data"
    data.mkdir()
    (data / "cache").symlink_to(cache)

    def make(eyes: str = "closed", **sections: Any) -> StationConfig:
        overrides: dict[str, Any] = {
            "data": data,
            "camera": {
                "width": 900,
                "height": 600,
                "preview_width": 640,
                "preview_height": 360,
                "preview_fps": 5,
                "eyes": eyes,
            },
            "visit": {"pace": "timed", "seating_s": 0},
            "kiosk": {"enabled": False},
        }
        return StationConfig.load(ROOT / "configs/station/sim.toml", overrides | sections)

    return make


async def visit(config: StationConfig, face_model: Path | None = FACE_MODEL) -> BoothState:
    async with running(config, face_model=face_model) as agent:
        await until(agent, is_ready)
        await agent.start_visit(ANN)
        return await until(agent, has_ended)


def messages(state: BoothState) -> dict[Light, str]:
    """What is said of each light that was left out; the others are taken."""
    assert state.visit is not None
    for still in state.visit.stills:
        assert still.stage in (StillStage.TAKEN, StillStage.FAILED)
    return {still.light: still.message for still in state.visit.stills if still.stage is StillStage.FAILED}


async def test_closed_eyes_get_their_ultraviolet_picture_and_the_dose_is_kept(make_booth: MakeBooth) -> None:
    config = make_booth()
    state = await visit(config)
    assert messages(state) == {}
    assert state.visit is not None
    assert state.visit.complete
    doses = (config.data / "uv/doses.jsonl").read_text().splitlines()
    assert len(doses) == 2  # booked, and the rest given back
    assert "ann" not in "".join(doses)


async def test_open_eyes_are_refused_and_the_other_lights_are_taken(make_booth: MakeBooth) -> None:
    state = await visit(make_booth(eyes="open"))
    assert list(messages(state)) == [Light.UV]
    assert "Close the eyes" in messages(state)[Light.UV]


async def test_a_booth_that_cannot_see_eyes_refuses(make_booth: MakeBooth) -> None:
    state = await visit(make_booth(), face_model=None)
    assert list(messages(state)) == [Light.UV]
    assert messages(state)[Light.UV]


@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ({"interlock": {"type": "none"}}, "no interlock is fitted"),
        ({"uv": {"max_j_m2": 5.0}}, "the budget is 5"),
        ({"calibration": {"rig": "another"}}, "is of rig sim, this is another"),
    ],
)
async def test_each_refusal_is_said_at_its_still(
    make_booth: MakeBooth, sections: dict[str, Any], said: str
) -> None:
    state = await visit(make_booth(**sections), face_model=None)
    assert said in messages(state)[Light.UV]
    assert list(messages(state)) == [Light.UV]
