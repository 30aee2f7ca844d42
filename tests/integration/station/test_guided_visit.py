"""A whole visit over HTTP at the simulated booth: the shot comes from the simulated preview."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from dermabooth import resources
from dermabooth.demo.booth import BoothClient
from station.agent import StationAgent
from station.config import StationConfig
from station.devices.sim import SimCamera
from station.errors import DeviceUnavailable
from station.kiosk import BoothState, Phase, Step, VisitStatus
from station.protocol import Patient, View
from station.transport import Spool
from tests.fixtures.booth import sim_sections
from tests.fixtures.booth_run import is_ready, running, until

pytestmark = pytest.mark.integration

NAME = "Doe^Jane"
REQUEST = {
    "patient": {"patient_id": "P-77", "patient_name": NAME},
    "preparation": "cleansed",
    "conditions": {"room_c": 22.5, "products": "none"},
}
REASON = "Jane cannot sit upright"
MakeConfig = Callable[..., StationConfig]


@dataclass
class Operator:
    """Whoever works the page."""

    agent: StationAgent
    http: aiohttp.ClientSession

    async def tell(self, path: str, body: object = None) -> int:
        status, _ = await self.answer(path, body)
        return status

    async def answer(self, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        url = self.agent.kiosk_url.rstrip("/")
        async with self.http.post(url + path, json=body, headers={"Origin": url}) as response:
            return response.status, await response.json(content_type=None) if response.content_length else {}

    async def still(self, index: int, query: str = "") -> tuple[int, NDArray[np.uint8] | None]:
        async with self.http.get(f"{self.agent.kiosk_url}visit/still/{index}{query}") as response:
            if response.status != 200:
                return response.status, None
            assert response.content_type == "image/jpeg"
            assert response.headers["Cache-Control"] == "no-store"
            data = np.frombuffer(await response.read(), np.uint8)
            return 200, np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)

    async def step(self, step: Step, view: View | None = None) -> VisitStatus:
        def there(state: BoothState) -> bool:
            visit = state.visit
            return visit is not None and visit.step is step and view in (None, visit.view)

        state = await until(self.agent, there)
        assert state.visit is not None
        return state.visit

    async def everything_told(self) -> str:
        async with self.http.get(f"{self.agent.kiosk_url}state") as response:
            return await response.text()


@pytest.fixture
def guided(make_config: MakeConfig, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeConfig:
    def make(**visit: object) -> StationConfig:
        config = make_config()
        protocol = config.protocol.read_text().replace('["front"]', '["front", "left_45"]')
        config.protocol.write_text(protocol)
        camera, lights = sim_sections(seed=2)
        camera = {**camera, "preview_width": 640, "preview_height": 360}
        text = (tmp_path / "station.toml").read_text()
        text = text[: text.index("[camera]")] + text[text.index("[visit]") :]
        (tmp_path / "station.toml").write_text(text)
        overrides = {
            "data": tmp_path / "data",
            "camera": camera,
            "lights": lights,
            "preview": {"hints_hz": 10},
            "visit": {"pace": "guided", **visit},
        }
        return StationConfig.load(tmp_path / "station.toml", overrides)

    return make


@asynccontextmanager
async def operated(config: StationConfig, web_root: Path) -> AsyncIterator[Operator]:
    async with running(config, web_root, resources.face_model()) as agent, aiohttp.ClientSession() as http:
        await until(agent, is_ready)
        yield Operator(agent, http)


async def test_a_whole_visit_with_a_shot_by_itself_an_override_and_a_retake(
    guided: MakeConfig, tmp_path: Path
) -> None:
    config = guided(auto_shoot_s=0.3)
    async with operated(config, tmp_path) as booth:
        assert await booth.still(0) == (404, None)
        status, answer = await booth.answer("/visit", REQUEST)
        assert status == 202
        visit = await booth.step(Step.FRAMING)
        assert (visit.view, visit.retaking, visit.patient.patient_name) == (View.FRONT, None, NAME)
        assert visit.wanting
        status, refused = await booth.answer("/visit/shoot", {"reason": ""})
        assert status == 409
        assert "reason" in refused["detail"]
        assert await booth.tell("/visit/shoot", {"reason": REASON}) == 204
        await booth.step(Step.FRAMING, View.LEFT_45)
        ready = await booth.step(Step.READY, View.LEFT_45)
        assert ready.wanting == ()
        assert ready.shoots_in_s is not None
        visit = await booth.step(Step.REVIEW)
        assert [still.override for still in visit.stills] == [REASON] * 3 + [""] * 3
        await review(booth)
        assert await booth.tell("/visit/finish") == 204
        visit = await booth.step(Step.FINISHED)
        assert (visit.closed, visit.complete) == (True, True)
        assert visit.study_instance_uid == answer["study_instance_uid"]
        told = await booth.everything_told()
        assert not [secret for secret in ("P-77", "Jane") if secret in told]
        assert [await booth.still(index) for index in (0, 5, 99)] == [(410, None)] * 3
        assert await booth.tell("/visit/abort") == 409
    await check_kept(config)


async def review(booth: Operator) -> None:
    """Look at pictures and take one again."""
    status, whole = await booth.still(0)
    assert status == 200
    assert whole is not None
    assert whole.shape == (160, 240, 3)
    status, small = await booth.still(0, "?width=64")
    assert small is not None
    assert small.shape[1] == 64
    _, part = await booth.still(0, "?x=0.5&y=0.25&size=0.5")
    assert part is not None
    assert part.shape == (80, 120, 3)
    assert abs(part.astype(int) - whole[40:120, 120:240]).mean() < 4
    assert await booth.still(6) == (404, None)
    for query in ("?width=1", "?size=0", "?x=2", "?width=wide"):
        assert (await booth.still(0, query))[0] == 400
    assert (await booth.tell("/visit/retake", {"still": 6}), await booth.tell("/visit/retake", {})) == (
        409,
        400,
    )
    assert await booth.tell("/visit/retake", {"still": 1}) == 204
    visit = await booth.step(Step.FRAMING, View.FRONT)
    assert visit.retaking == 1
    visit = await booth.step(Step.REVIEW)
    assert [still.taken_again for still in visit.stills] == [0, 1, 0, 0, 0, 0]
    assert visit.stills[1].override == ""


async def check_kept(config: StationConfig) -> None:
    spool = Spool.open(config.data / "spool")
    offers, visit = spool.pending(), spool.visits()[0]
    await spool.close()
    assert visit.opened.conditions.room_c == 22.5
    assert visit.closed is not None
    assert visit.closed.complete
    assert list(visit.closed.stills) == [offer.sop_instance_uid for offer in offers]
    assert [offer.header.view for offer in offers] == [View.FRONT] * 3 + [View.LEFT_45] * 3 + [View.FRONT]
    assert [offer.override for offer in offers] == [REASON] * 3 + [""] * 4
    assert [offer.replaces for offer in offers] == [None] * 6 + [offers[1].sop_instance_uid]


async def test_the_next_patient_may_come_at_once_and_a_visit_is_given_up_wherever_it_stands(
    guided: MakeConfig, tmp_path: Path
) -> None:
    async with operated(guided(auto_shoot_s=0), tmp_path) as booth:
        for shots in (0, 1, 2):
            assert await booth.tell("/visit", REQUEST) == 202
            assert await booth.tell("/visit", REQUEST) == 409
            for view in (View.FRONT, View.LEFT_45)[:shots]:
                await booth.step(Step.READY, view)
                assert await booth.tell("/visit/shoot") == 204
            await booth.step(Step.REVIEW if shots == 2 else Step.FRAMING)
            assert await booth.tell("/visit/abort") == 204
            visit = await booth.step(Step.ABORTED)
            assert (visit.closed, visit.complete) == (True, shots == 2)
            assert len([still for still in visit.stills if still.sop_instance_uid]) == 3 * shots
            assert "Jane" not in await booth.everything_told()
            assert await booth.still(0) == (410, None)


async def test_an_empty_chair_does_not_keep_a_patient_on_the_screen(
    guided: MakeConfig, tmp_path: Path
) -> None:
    async with operated(guided(auto_shoot_s=0, idle_limit_s=0.5), tmp_path) as booth:
        assert await booth.tell("/visit", REQUEST) == 202
        visit = await booth.step(Step.ABORTED)
        assert "nobody went on" in visit.message
        assert "Jane" not in await booth.everything_told()
        assert (await until(booth.agent, is_ready)).phase is Phase.READY


async def test_a_visit_by_the_clock_takes_no_command_but_its_end(
    make_config: MakeConfig, tmp_path: Path
) -> None:
    async with operated(make_config(settle_s=10), tmp_path) as booth:  # it does not end before its commands
        assert await booth.tell("/visit/shoot", {"reason": "now"}) == 409
        assert await booth.tell("/visit", REQUEST) == 202
        for path, body in (
            ("/visit/shoot", {"reason": "now"}),
            ("/visit/retake", {"still": 0}),
            ("/visit/finish", None),
        ):
            status, refused = await booth.answer(path, body)
            assert status == 409
            assert "clock" in refused["detail"]
        assert await booth.tell("/visit/abort") == 204


@pytest.mark.parametrize("auto_shoot_s", [0.2, 0])
async def test_the_demonstration_leads_a_guided_visit_to_its_end(
    guided: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auto_shoot_s: float
) -> None:
    monkeypatch.setattr("dermabooth.demo.booth.POSE_LIMIT_S", 10.0 if auto_shoot_s else 0.5)
    async with (
        operated(guided(auto_shoot_s=auto_shoot_s), tmp_path) as booth,
        BoothClient(booth.agent.kiosk_url) as client,
    ):
        study = await client.start_visit(Patient(patient_id="P-77"))
        async with asyncio.timeout(60):
            while (visit := (await client.state()).visit) is not None and not visit.closed:
                await client.lead(await client.state())
                await asyncio.sleep(0.05)
        assert visit is not None
        assert (visit.study_instance_uid, visit.step, visit.complete) == (study, Step.FINISHED, True)


async def test_a_camera_that_comes_back_while_the_pose_is_taken_shoots_on(
    guided: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.agent.instruments.RETRY_S", 2.0)  # it is away while it is asked for

    def fail(*_: object) -> None:
        raise DeviceUnavailable("the camera does not answer: plug it in")

    async with operated(guided(auto_shoot_s=0), tmp_path) as booth:
        assert await booth.tell("/visit", REQUEST) == 202
        await booth.step(Step.READY)
        assert await booth.tell("/visit/shoot") == 204
        await booth.step(Step.READY, View.LEFT_45)
        with monkeypatch.context() as broken:
            broken.setattr(SimCamera, "_preview_picture", fail)
            state = await until(booth.agent, lambda state: state.problem)
            assert "plug it in" in state.problem
            await booth.step(Step.FRAMING, View.LEFT_45)
            status, refused = await booth.answer("/visit/shoot", {"reason": "now"})
            assert status == 409
            assert "not open" in refused["detail"]
        await booth.step(Step.READY, View.LEFT_45)
        assert await booth.tell("/visit/shoot") == 204
        visit = await booth.step(Step.REVIEW)
        assert visit.complete
        assert await booth.tell("/visit/finish") == 204
