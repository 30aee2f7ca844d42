"""Booth and server's ingest together: away, back, and everything stored once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.ingest import Ingest
from server.ingest.keys import open_server_keys
from server.store import Archive, Store
from station.agent import StationAgent
from station.config import StationConfig
from station.kiosk import StillStage, StillStatus, VisitRequest
from station.protocol import QualityReport, StillExamined, StillProgress, Verdict, Welcome
from station.transport import open_keys
from tests.fixtures.booth_run import has_ended, is_ready, running, until

pytestmark = pytest.mark.integration


class Server:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "keys" / "server.key"
        open_server_keys(folder / "keys")
        (folder / "booths").mkdir()

    def allow(self, config: StationConfig) -> None:
        public = open_keys(config.data / "keys").public
        (self.folder / "booths" / f"{config.booth_id}.key").write_bytes(public)

    @asynccontextmanager
    async def running(self, endpoint: str) -> AsyncIterator[tuple[Ingest, Store]]:
        store = Store.open(f"sqlite:///{self.folder / 'd.db'}", steps=("receive",))
        archive = Archive(self.folder / "archive")
        keys, booths = self.folder / "keys", self.folder / "booths"
        ingest = Ingest(endpoint, keys, booths, store, archive, lambda _: Welcome(server="test"))
        try:
            async with ingest:
                yield ingest, store
        finally:
            await store.close()


@pytest.fixture
def server(tmp_path: Path) -> Server:
    (tmp_path / "server").mkdir()
    return Server(tmp_path / "server")


async def test_a_visit_taken_while_the_server_is_away_is_stored_when_it_returns(
    make_config: Callable[..., StationConfig], server: Server, unused_port: int
) -> None:
    endpoint = f"tcp://127.0.0.1:{unused_port}"
    config = make_config(uplink={"server": endpoint, "server_key": server.key})
    server.allow(config)
    async with running(config) as agent:
        await until(agent, is_ready)
        study = await agent.start_visit(VisitRequest())
        state = await until(agent, has_ended)
        assert not state.uplink.connected
        assert state.uplink.pending == 3
        async with server.running(endpoint) as (_, store):
            state = await until(agent, lambda state: state.uplink.connected and not state.uplink.pending)
            assert {still.stage for still in visit_of(agent)} == {StillStage.STORED}
            assert len(await store.stills(study)) == 3
            await closed_at_server(store, study)


async def test_what_the_server_says_about_a_still_is_shown(
    make_config: Callable[..., StationConfig], server: Server, unused_port: int
) -> None:
    endpoint = f"tcp://127.0.0.1:{unused_port}"
    config = make_config(uplink={"server": endpoint, "server_key": server.key})
    server.allow(config)
    report = QualityReport(verdict=Verdict.WARN, profile="p", recipe="r", threshold_version="9", measures=())
    async with server.running(endpoint) as (ingest, _), running(config) as agent:
        await until(agent, lambda state: is_ready(state) and state.uplink.connected)
        study = await agent.start_visit(VisitRequest())
        await until(agent, lambda state: has_ended(state) and not state.uplink.pending)
        first, second, _ = (still.sop_instance_uid for still in visit_of(agent))
        examined = StillExamined(study_instance_uid=study, sop_instance_uid=first, quality=report)
        failed = StillProgress(
            study_instance_uid=study,
            sop_instance_uid=second,
            step="segment",
            done=False,
            message="Triton is away",
        )
        for message in (examined, failed):
            assert ingest.send(config.booth_id, message)
        await until(agent, lambda state: state.visit and state.visit.stills[1].message)
        stills = visit_of(agent)
        assert (stills[0].stage, stills[0].verdict_from) == (StillStage.EXAMINED, "server")
        assert stills[0].quality == report
        assert stills[1].message == "Triton is away"


async def test_a_booth_that_is_not_enrolled_is_told_and_goes_on(
    make_config: Callable[..., StationConfig], server: Server, unused_port: int
) -> None:
    endpoint = f"tcp://127.0.0.1:{unused_port}"
    config = make_config(uplink={"server": endpoint, "server_key": server.key})
    async with server.running(endpoint), running(config) as agent:
        await until(agent, lambda state: "enrol" in state.uplink.refused)
        await until(agent, is_ready)
        await agent.start_visit(VisitRequest())
        assert (await until(agent, has_ended)).uplink.pending == 3


def visit_of(agent: StationAgent) -> tuple[StillStatus, ...]:
    state = agent.state.value
    assert state is not None
    assert state.visit is not None
    return state.visit.stills


async def closed_at_server(store: Store, study: str) -> None:
    async with asyncio.timeout(30):
        while (await store.visit(study)).closed_at is None:
            await asyncio.sleep(0.05)
