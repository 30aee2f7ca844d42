"""A record that is made while the booth runs: taken up between visits, never within one."""

import logging
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from station.agent import StationAgent
from station.calibration import load_record, save_record
from station.config import StationConfig
from station.kiosk import BoothState, VisitRequest
from station.transport import Spool
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration

MakeConfig = Callable[..., StationConfig]
SHIPPED = load_record(min((Path(__file__).parents[3] / "configs/calibration/sim").glob("*.json"))).record


def calibrate(agent: StationAgent, by: str) -> str:
    """Put a new record of the running booth into its folder; its name."""
    state = agent.state.value
    assert state is not None
    assert state.camera is not None
    record = msgspec.structs.replace(
        SHIPPED,
        rig="test-1",
        camera=state.camera,
        width=90,
        height=60,
        made_at=time.time(),
        made_by=by,
        acceptance=(),
    )
    return save_record(record, agent.config.calibration_folder)[0].id


def holds(name: str) -> Callable[[BoothState], bool]:
    return lambda state: state.calibration.record == name


async def test_a_new_record_is_taken_up_between_visits(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("station.agent.calibration.LOOK_S", 0.1)
    caplog.set_level(logging.INFO, "station.agent.calibration")
    config = make_config(settle_s=0.5)
    async with running(config) as agent:
        state = await until(agent, is_ready)
        assert (state.calibration.record, state.calibration.taken_up_at) == ("", None)
        first = calibrate(agent, "first")
        state = await until(agent, holds(first))
        assert state.calibration.taken_up_at == pytest.approx(time.time(), abs=20)
        assert first in str([vars(record) for record in caplog.records])

        study = await agent.start_visit(VisitRequest())
        second = calibrate(agent, "second")
        seen = await until(agent, has_ended)
        assert seen.visit is not None
        assert seen.visit.complete
        await until(agent, holds(second))
    spool = Spool.open(config.data / "spool", max_bytes=10**9, encoding=config.uplink.encoding)
    offers = [offer for offer in spool.pending() if offer.study_instance_uid == study]
    await spool.close()
    assert [offer.header.calibration for offer in offers] == [first] * 3


async def test_a_record_that_cannot_be_used_changes_nothing_and_is_in_the_log(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("station.agent.calibration.LOOK_S", 0.1)
    async with running(make_config()) as agent:
        await until(agent, is_ready)
        first = calibrate(agent, "first")
        state = await until(agent, holds(first))
        (agent.config.calibration_folder / "broken.json").write_text("{")
        with_broken = await until(
            agent, lambda _: "broken.json" in str([vars(one) for one in caplog.records])
        )
        assert with_broken.calibration == state.calibration
