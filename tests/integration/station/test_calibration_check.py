"""The daily check from the booth's page, with the booth's own camera and lights."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from station.agent import StationAgent
from station.config import StationConfig
from station.errors import InvalidTransition
from station.kiosk import BoothState, Phase, VisitRequest
from tests.fixtures.booth_run import is_ready, running, until

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[3]
MakeConfig = Callable[..., StationConfig]


def simulated(tmp_path: Path, **sections: Any) -> StationConfig:
    overrides: dict[str, Any] = {
        "data": tmp_path / "data",
        "camera": {"width": 900, "height": 600, "preview_width": 160, "preview_height": 120},
        "kiosk": {"port": 0},
    }
    return StationConfig.load(ROOT / "configs/station/sim.toml", overrides | sections)


async def checked(agent: StationAgent) -> BoothState:
    """The state once the check has ended; every light was named while it shone: listen before it begins."""
    await until(agent, lambda state: state.calibration.running == "white")
    await until(agent, lambda state: state.calibration.running == "reading")
    return await until(agent, lambda state: not state.calibration.running)


async def test_a_check_is_made_from_the_page_and_kept(tmp_path: Path) -> None:
    config = simulated(tmp_path)
    async with running(config, tmp_path) as agent, aiohttp.ClientSession() as http:
        state = await until(agent, is_ready)
        assert state.calibration.record.startswith("sim-")
        assert state.calibration.expires_at is None
        assert (state.calibration.problem, state.calibration.verdict) == ("", "")
        own, checking = {"Origin": agent.kiosk_url.rstrip("/")}, asyncio.create_task(checked(agent))
        async with http.post(agent.kiosk_url + "calibration/check", headers=own) as answer:
            assert answer.status == 202
        with pytest.raises(InvalidTransition, match="calibration is being checked"):
            await agent.start_visit(VisitRequest())
        async with http.post(agent.kiosk_url + "calibration/check", headers=own) as answer:
            assert answer.status == 409
            assert "under way" in (await answer.json())["detail"]
        state = await checking
        assert (state.calibration.failed, state.calibration.verdict) == ("", "pass")
        names = {point.name for point in state.calibration.points}
        assert names >= {"colour/white", "lamp/cross_polarised", "scale", "focus", "polarisation"}
        for point in state.calibration.points:
            assert (point.verdict, point.advice) == ("pass", "")
            assert point.warn is not None
            assert point.fail is not None
            assert point.warn < point.fail
        async with http.get(agent.kiosk_url + "calibration/history") as answer:
            (told,) = await answer.json()
        assert told["verdict"] == "pass"
        assert told["at"] == pytest.approx(state.calibration.checked_at)
        assert {point["name"] for point in told["points"]} == names
    async with running(config) as again:
        state = await until(again, is_ready)
        assert state.calibration.verdict == "pass"
        assert len(again.calibration_history()) == 1


async def test_without_a_record_there_is_nothing_to_check(tmp_path: Path) -> None:
    async with running(simulated(tmp_path, calibration={"folder": tmp_path})) as agent:
        state = await until(agent, is_ready)
        assert state.calibration.record == ""
        assert "no calibration record" in state.calibration.problem
        with pytest.raises(InvalidTransition, match="nothing to check against"):
            agent.check_calibration()


async def test_a_picture_without_a_sheet_fails_the_check_and_not_the_booth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.agent.calibration.CalibrationDesk._simulated", lambda *_: None)
    async with running(simulated(tmp_path)) as agent:
        await until(agent, is_ready)
        agent.check_calibration()
        state = await until(agent, lambda state: state.calibration.failed)
        assert "marker" in state.calibration.failed
        state = await until(agent, lambda state: not state.calibration.running)
        assert state.phase is Phase.READY
        assert state.calibration.verdict == ""
        assert agent.calibration_history() == ()
