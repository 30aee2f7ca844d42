"""The booth's agent with real instruments' drivers, spool and page; no server."""

import asyncio
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from station.agent import StationAgent
from station.config import StationConfig
from station.devices.files import FilesCamera
from station.devices.registry import CAMERAS
from station.errors import DeviceUnavailable, InvalidTransition
from station.kiosk import Phase, StillStage, VisitRequest
from station.protocol import Light, Patient, Preparation, Transfer, VisitClosed, decode_pixels
from station.transport import Spool, still_files
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
MakeConfig = Callable[..., StationConfig]


async def test_a_booth_alone_shoots_and_keeps_everything(make_config: MakeConfig) -> None:
    config = make_config()
    async with running(config) as agent:
        await until(agent, is_ready)
        request = VisitRequest(patient=Patient(patient_id="4711"), preparation=Preparation.CLEANSED)
        study = await agent.start_visit(request)
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert state.visit.complete
        assert state.visit.study_instance_uid == study
        assert {still.stage for still in state.visit.stills} == {StillStage.TAKEN}
        assert all(still.quality and still.verdict_from == "booth" for still in state.visit.stills)
        assert state.uplink.pending == 3
    spool = Spool.open(config.data / "spool")
    offers = spool.pending()
    visit = spool.visits()[0]
    assert visit.opened.patient.patient_id == "4711"
    assert visit.opened.protocol.preparation is Preparation.CLEANSED
    assert visit.closed is not None
    assert visit.closed.complete
    assert list(visit.closed.stills) == [offer.sop_instance_uid for offer in offers]
    means = []
    for offer in offers:
        data = bytearray(offer.size)
        assert await spool.read_into(offer.sop_instance_uid, 0, memoryview(data)) == offer.size
        means.append(float(np.mean(decode_pixels(data, offer.header, offer.encoding).pixels)))
    assert means == pytest.approx([200, 150, 100], abs=2)
    await spool.close()


async def test_preview_hints_and_light_are_there_for_the_page(make_config: MakeConfig) -> None:
    async with running(make_config()) as agent:
        state = await until(agent, lambda state: state.light is Light.WHITE)
        assert state.camera is not None
        async with asyncio.timeout(30):
            frame = await agent.preview.get()
            _, hints = await agent.hints.next()
        assert frame.pixels.shape == (240, 320, 3)
        assert hints.measures
        assert hints.threshold_version.startswith("normal/")


async def test_one_visit_at_a_time_and_abort(make_config: MakeConfig) -> None:
    config = make_config(settle_s=0.3)
    async with running(config) as agent:
        with pytest.raises(InvalidTransition):
            await agent.abort()
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        with pytest.raises(InvalidTransition, match="under way"):
            await agent.start_visit(VisitRequest())
        await until(agent, lambda state: state.visit and state.visit.stills[0].stage is StillStage.TAKEN)
        await agent.abort()
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert not state.visit.complete
        assert state.visit.message == "the visit was given up"
        assert StillStage.WAITING in {still.stage for still in state.visit.stills}
        await agent.start_visit(VisitRequest())
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert state.visit.complete


async def test_the_next_visit_can_be_stopped_while_the_end_of_the_last_goes_to_disk(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    closing, close = asyncio.Event(), Spool.close_visit

    async def slow(self: Spool, message: VisitClosed) -> None:
        await closing.wait()
        await close(self, message)

    monkeypatch.setattr(Spool, "close_visit", slow)
    async with running(make_config(settle_s=0.3)) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        await until(agent, has_ended)
        study = await agent.start_visit(VisitRequest())
        closing.set()
        await until(agent, lambda state: state.visit and state.visit.stills[0].stage is StillStage.TAKEN)
        await agent.abort()
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert (state.visit.study_instance_uid, state.visit.complete) == (study, False)


async def test_a_visit_given_up_before_its_first_step_has_ended(make_config: MakeConfig) -> None:
    async with running(make_config()) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        await agent.abort()
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert not state.visit.complete


async def test_the_shipped_simulated_booth_shoots_linear_stills(tmp_path: Path) -> None:
    small = {"width": 240, "height": 160, "preview_width": 160, "preview_height": 120}
    overrides = {
        "data": tmp_path,
        "camera": small,
        "visit": {"pace": "timed", "seating_s": 0},
        "kiosk": {"enabled": False},
    }
    config = StationConfig.load(ROOT / "configs/station/sim.toml", overrides)
    async with running(config) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert state.visit.message == ""
        left_out = {still.light: still.message for still in state.visit.stills if not still.sop_instance_uid}
        # Nobody can tell of eyes in so small a preview.
        assert list(left_out) == [Light.UV]
        assert left_out[Light.UV]
    spool = Spool.open(tmp_path / "spool")
    headers = [offer.header for offer in spool.pending()]
    await spool.close()
    assert {(header.bit_depth, header.transfer, header.calibration) for header in headers} == {
        (12, Transfer.LINEAR, None)
    }
    assert all(header.neutral_tab for header in headers)
    # Its calibration records are of other picture sizes, so none holds, and every still says so.
    assert all(header.px_per_mm is None and "240 x 160" in header.scale_refused for header in headers)


async def test_a_full_disk_is_the_operators_sentence(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(make_config(uplink={"spool_gb": 20e-6})) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert "full" in state.visit.message or "room" in state.visit.message
        assert len([still for still in state.visit.stills if still.sop_instance_uid]) == 1

    def no_space(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(still_files, "write_file", no_space)
    async with running(make_config()) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert "full" in state.visit.message
        assert not any(still.sop_instance_uid for still in state.visit.stills)
        assert state.phase is Phase.READY


async def test_the_preview_goes_on_after_an_instrument_failed(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.agent.instruments.RETRY_S", 0.05)
    async with running(make_config()) as agent:
        await until(agent, is_ready)
        last = (await agent.preview.get(await newest(agent) + 3)).header.frame_id

        def fail(*_: object) -> None:
            raise RuntimeError("the driver has a fault of its own")

        with monkeypatch.context() as broken:
            broken.setattr(FilesCamera, "_preview_picture", fail)
            state = await until(agent, lambda state: state.phase is Phase.FAULT)
            assert "log" in state.problem
        await until(agent, is_ready)
        async with asyncio.timeout(20):
            assert (await agent.preview.get(last + 1)).header.frame_id > last


async def newest(agent: StationAgent) -> int:
    return (await agent.preview.get()).header.frame_id


async def test_a_failing_camera_is_shown_and_comes_back(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []

    async def fail_once(self: FilesCamera) -> None:
        attempts.append(1)
        if len(attempts) == 1:
            raise DeviceUnavailable("the camera does not answer: plug it in")

    monkeypatch.setattr(FilesCamera, "_do_open", fail_once)
    monkeypatch.setattr("station.agent.instruments.RETRY_S", 0.2)
    async with running(make_config()) as agent:
        state = await until(agent, lambda state: state.phase is Phase.FAULT)
        assert state.problem == "the camera does not answer: plug it in"
        with pytest.raises(InvalidTransition, match="plug it in"):
            await agent.start_visit(VisitRequest())
        assert (await until(agent, is_ready)).problem == ""
    assert "files" in CAMERAS


async def test_a_recipe_beyond_the_rig_is_a_fault_in_words(make_config: MakeConfig) -> None:
    async with running(make_config(lights={"lights": ["white"]})) as agent:
        state = await until(agent, lambda state: state.phase is Phase.FAULT)
        assert "cross_polarised" in state.problem
        assert "white" in state.problem


async def test_a_visit_cut_off_is_closed_at_the_next_start(make_config: MakeConfig) -> None:
    config = make_config(settle_s=0.3)
    async with running(config) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        await until(agent, lambda state: state.visit and state.visit.stills[0].stage is StillStage.TAKEN)
    light = json.loads((config.data.parent / "light.json").read_text())
    assert light == {"light": None, "power": 0.0}
    async with running(config) as agent:
        await until(agent, is_ready)
    spool = Spool.open(config.data / "spool")
    closed = spool.visits()[0].closed
    assert closed is not None
    assert not closed.complete
    assert len(closed.stills) == len(spool.pending()) >= 1
    await spool.close()


async def test_the_page_answers_while_the_agent_runs(make_config: MakeConfig, tmp_path: Path) -> None:
    async with running(make_config(), tmp_path) as agent:
        await until(agent, is_ready)
        async with aiohttp.ClientSession() as http, http.get(agent.kiosk_url + "state") as answer:
            assert answer.status in (200, 401, 403)
