"""A booth that works for a day without its server, is started again in between, and is emptied in order afterwards."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from server.events import StillArrived
from server.ingest import open_server_keys
from station.agent import StationAgent
from station.config import StationConfig
from station.kiosk import BoothState, VisitRequest
from station.protocol import Patient
from station.transport import open_keys
from tests.fixtures.booth import PICTURE_LIGHTS
from tests.fixtures.booth_run import has_ended, is_ready, running, until
from tests.fixtures.uplinks import Server, a_server

pytestmark = pytest.mark.integration

MORNING, AFTERNOON = 6, 6
"""Visits before and after the booth is started again."""
STILLS = len(PICTURE_LIGHTS)


async def take_visits(agent: StationAgent, patients: range) -> list[str]:
    """SOP Instance UIDs of the stills of one visit for each of these patients, in the order they were taken."""
    uids: list[str] = []
    for number in patients:
        await until(agent, is_ready)
        patient = Patient(patient_id=f"P-{number}")
        uids += stills_of(await one_visit(agent, patient))
    return uids


async def one_visit(agent: StationAgent, patient: Patient) -> BoothState:
    study = await agent.start_visit(VisitRequest(patient=patient))

    def ended(state: BoothState) -> bool:
        return has_ended(state) and state.visit is not None and state.visit.study_instance_uid == study

    return await until(agent, ended)


def stills_of(state: BoothState) -> list[str]:
    assert state.visit is not None
    assert state.visit.complete
    return [still.sop_instance_uid for still in state.visit.stills]


def held_store(server: Server, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """The server stores one still, and the others once the event is set: the backlog is on its way meanwhile."""
    add_still, stored, go_on = server.store.add_still, list[object](), asyncio.Event()

    async def held(*arguments: object) -> bool:
        if stored:
            await go_on.wait()
        stored.append(arguments)
        return await add_still(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(server.store, "add_still", held)
    return go_on


async def test_a_day_without_the_server_arrives_in_order_while_the_next_patient_is_seen(
    make_config: Callable[..., StationConfig],
    unused_port: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    endpoint, server_data = f"tcp://127.0.0.1:{unused_port}", tmp_path / "server"
    open_server_keys(server_data / "keys")
    config = make_config(uplink={"server": endpoint, "server_key": server_data / "keys" / "server.key"})
    (server_data / "booths").mkdir(exist_ok=True)
    (server_data / "booths" / f"{config.booth_id}.key").write_bytes(open_keys(config.data / "keys").public)
    async with running(config) as agent:
        taken = await take_visits(agent, range(MORNING))
    async with running(config) as agent:
        taken += await take_visits(agent, range(MORNING, MORNING + AFTERNOON))
        alone = await until(agent, lambda state: state.uplink.pending == len(taken))
        assert not alone.uplink.connected
        async with a_server(server_data, endpoint=endpoint) as server:
            go_on = held_store(server, monkeypatch)
            await until(agent, lambda state: 0 < state.uplink.pending < len(taken))
            state = await one_visit(agent, Patient(patient_id="P-next"))
            taken += stills_of(state)
            assert state.uplink.pending == len(taken) - 1, "the backlog waits"
            go_on.set()
            await until(agent, lambda state: not state.uplink.pending)
            await check_arrived_in_order(server, taken)
    assert list((config.data / "spool" / "stills").iterdir()) == []


async def check_arrived_in_order(server: Server, taken: list[str]) -> None:
    """Every still arrived once, in the order it was taken, and every visit is closed over its own."""
    arrived = [event.sop_instance_uid for event in server.events if isinstance(event, StillArrived)]
    assert arrived == taken
    assert len(taken) == len(set(taken)) == len(server.files()) == (MORNING + AFTERNOON + 1) * STILLS
    async with asyncio.timeout(30):
        while any(visit.closed_at is None for visit in await server.store.visits()):
            await asyncio.sleep(0.05)
    visits = await server.store.visits()
    assert len(visits) == MORNING + AFTERNOON + 1
    assert all(visit.complete and set(visit.expected) <= set(taken) for visit in visits)
