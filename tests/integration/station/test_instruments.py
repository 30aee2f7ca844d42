"""What the booth says of its instruments: at once, by name, and ready again when they are."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from station.agent import StationAgent
from station.agent.quality import UNMEASURABLE
from station.config import StationConfig
from station.kiosk import BoothState, InstrumentStatus, Phase, StillStage, VisitRequest
from station.protocol import QualityReport
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration

MakeConfig = Callable[..., StationConfig]


def of(state: BoothState, name: str) -> InstrumentStatus:
    return next(one for one in state.instruments if one.name == name)


def with_lights(config: StationConfig, port: str) -> StationConfig:
    lamps = ("white", "cross_polarised", "parallel_polarised")
    channels = {lamp: {"output": number} for number, lamp in enumerate(lamps, 1)}
    return config.model_copy(update={"lights": {"type": "serial", "port": port, "channels": channels}})


async def test_every_instrument_is_named_with_its_driver(make_config: MakeConfig) -> None:
    async with running(make_config()) as agent:
        state = await until(
            agent, lambda state: is_ready(state) and "fitted" in of(state, "interlock").detail
        )
        assert [(one.name, one.driver, one.ready) for one in state.instruments] == [
            ("camera", "files", True),
            ("lights", "sim", True),
            ("interlock", "none", False),
        ]
        assert of(state, "camera").detail


async def test_a_door_is_shown_within_a_second(make_config: MakeConfig, tmp_path: Path) -> None:
    door = tmp_path / "door"
    door.write_text("safe")
    async with running(make_config(interlock={"type": "sim", "state_file": door})) as agent:
        await until(agent, lambda state: of(state, "interlock").ready if state.instruments else False)
        door.write_text("open")
        state = await until(agent, lambda state: not of(state, "interlock").ready)
        assert "door is open" in of(state, "interlock").detail
        assert state.phase is Phase.READY  # the other lights do not wait for it


def lose_heartbeat(agent: StationAgent) -> None:
    """What a driver does when its controller's watchdog has gone off: tests/contract/devices has each of them do it."""
    assert agent._parts is not None
    studio = agent._parts.studio
    assert studio is not None
    studio.lights._note_failure("the lights went dark by themselves: their watchdog went off")


async def test_a_lost_heartbeat_is_shown_before_anybody_asks_for_light(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.agent.instruments.RETRY_S", 0.2)
    async with running(make_config()) as agent:
        await until(agent, is_ready)
        lose_heartbeat(agent)
        state = await until(agent, lambda state: state.problem)
        assert "watchdog" in state.problem
        assert not of(state, "lights").ready
        assert "watchdog" in of(state, "lights").detail
        state = await until(agent, lambda state: is_ready(state) and not state.problem)
        assert of(state, "lights").ready


async def test_lights_that_fail_during_a_visit_end_it_with_their_own_words(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.agent.instruments.RETRY_S", 0.2)
    async with running(make_config(settle_s=0.8)) as agent:
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        await until(agent, lambda state: state.visit and state.visit.stills[0].stage is StillStage.LIGHTING)
        lose_heartbeat(agent)
        state = await until(agent, has_ended)
        assert state.visit is not None
        assert "watchdog" in state.visit.message
        assert not any(still.sop_instance_uid for still in state.visit.stills)


async def test_a_rig_that_cannot_be_reached_is_the_one_that_is_named(make_config: MakeConfig) -> None:
    async with running(with_lights(make_config(), "/dev/no-such-port")) as agent:
        state = await until(agent, lambda state: state.phase is Phase.FAULT)
        assert "no-such-port" in of(state, "lights").detail
        assert not of(state, "camera").ready


async def test_a_booth_whose_camera_is_missing_can_be_stopped_while_it_is_looked_for(
    make_config: MakeConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.agent.instruments.RETRY_S", 0.2)
    search = tmp_path / "search"
    search.write_text("#!/bin/sh\nsleep 0.6\n")  # a helper that looks for a while, and finds nothing
    search.chmod(0o700)
    config = make_config().model_copy(update={"camera": {"type": "genicam", "python": str(search)}})
    booth = asyncio.create_task(StationAgent(config).run())
    await asyncio.sleep(0.4)
    booth.cancel()
    await asyncio.wait({booth}, timeout=20)
    assert booth.cancelled()


async def test_guidance_that_fails_is_named_and_well_again_when_it_is(
    make_config: MakeConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> QualityReport:
        raise ArithmeticError("a measure is broken")

    monkeypatch.setattr("station.agent.quality.FAILING_S", 0.2)
    with monkeypatch.context() as broken:
        broken.setattr("station.agent.quality.hint", fail)
        async with running(make_config(visit={"pace": "guided"})) as agent:
            await until(agent, is_ready)
            state = await until(agent, lambda state: any(one.name == "guidance" for one in state.instruments))
            assert of(state, "guidance").detail == UNMEASURABLE
            assert not of(state, "guidance").ready
            assert state.phase is Phase.READY  # the operator may shoot with a reason
            await agent.start_visit(VisitRequest())
            await until(agent, lambda state: state.visit and state.visit.wanting == (UNMEASURABLE,))
            broken.undo()
            state = await until(agent, lambda state: all(one.name != "guidance" for one in state.instruments))
            assert state.visit is not None
            assert UNMEASURABLE not in state.visit.wanting
            await agent.abort()
