"""A worklist of the hospital at the booth, by way of the server: dcmtk's, the server's desk and ingest, the booth's agent."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from server.config.dicom import DicomConfig
from server.config.orders import MwlSection, OrdersConfig
from server.ingest import Ingest, open_server_keys
from server.orders import AWAY, OrderDesk, open_desk
from server.store import Archive, Store
from station.agent import worklist as booth_worklist
from station.config import StationConfig
from station.errors import ConfigError, InvalidTransition, WorklistUnavailable
from station.kiosk import BoothState, VisitRequest
from station.protocol import OrdersWanted, Patient, Welcome
from station.transport import open_keys
from station.worklist import server_list
from tests.fixtures.booth_run import has_ended, is_ready, running, until
from tests.fixtures.worklists import Worklist, item, wlmscpfs

pytestmark = pytest.mark.integration

STUDY = "1.2.840.113619.2.1.42"


@pytest.fixture(scope="module")
def hospital() -> Iterator[Worklist]:
    with wlmscpfs() as worklist:
        yield worklist


class Server:
    """The server's end: ingest, store and the desk of a worklist."""

    def __init__(self, folder: Path, hospital: Worklist) -> None:
        self.folder = folder
        self.orders = OrdersConfig(
            mwl=MwlSection(host="127.0.0.1", port=hospital.port, ae_title=hospital.ae_title, modality="XC")
        )
        self.key = folder / "keys" / "server.key"
        open_server_keys(folder / "keys")
        (folder / "booths").mkdir()

    def allow(self, config: StationConfig) -> None:
        public = open_keys(config.data / "keys").public
        (self.folder / "booths" / f"{config.booth_id}.key").write_bytes(public)

    @asynccontextmanager
    async def running(self, endpoint: str, *, orders: bool = True) -> AsyncIterator[tuple[OrderDesk, Store]]:
        store = Store.open(f"sqlite:///{self.folder / 'd.db'}", steps=("receive",))
        keys, booths = self.folder / "keys", self.folder / "booths"
        try:
            async with open_desk(self.orders, DicomConfig(), self.folder, store.begun_visits) as desk:
                assert desk is not None
                async with Ingest(
                    endpoint,
                    keys,
                    booths,
                    store,
                    Archive(self.folder / "archive"),
                    lambda _: Welcome(server="test", orders=orders),
                    orders=desk.answer if orders else None,
                ):
                    yield desk, store
        finally:
            await store.close()


@pytest.fixture
def server(tmp_path: Path, hospital: Worklist) -> Server:
    (tmp_path / "server").mkdir()
    return Server(tmp_path / "server", hospital)


@pytest.fixture
def endpoint(unused_port: int) -> str:
    return f"tcp://127.0.0.1:{unused_port}"


@pytest.fixture
def config(
    make_config: Callable[..., StationConfig], server: Server, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> StationConfig:
    monkeypatch.setattr(booth_worklist, "ASK_S", 0.05)
    made = make_config(uplink={"server": endpoint, "server_key": server.key}, worklist={"source": "server"})
    server.allow(made)
    return made


def listed(state: BoothState) -> bool:
    return bool(state.worklist.entries) and is_ready(state)


async def test_an_ordered_visit_is_the_study_that_was_ordered(
    config: StationConfig, server: Server, endpoint: str, hospital: Worklist
) -> None:
    hospital.fill([item(1, StudyInstanceUID=STUDY, PatientName="Müller^Ann=김^지우")])
    async with server.running(endpoint) as (desk, store), running(config) as agent:
        await desk.refresh()
        state = await until(agent, listed)
        assert (state.worklist.configured, state.worklist.searchable, state.worklist.problem) == (
            True,
            True,
            "",
        )
        [entry] = state.worklist.entries
        assert (entry.patient.patient_name, entry.accession_number) == ("Müller^Ann=김^지우", "ACC0001")
        assert entry.description == "Face 3 views x 4 lights"
        # The page's patient does not count where an order names one.
        request = VisitRequest(patient=Patient(patient_id="typed"), worklist_key=entry.key)
        assert await agent.start_visit(request) == STUDY
        await until(agent, lambda state: has_ended(state) and not state.uplink.pending)
        visit = await store.visit(STUDY)
        assert visit.order is not None
        assert (visit.order.accession_number, visit.order.scheduled_step_id) == ("ACC0001", "SPS1")
        assert visit.patient.patient_id == "P0001"
        # The same order once more is another study, which says what it was ordered as.
        second = await agent.start_visit(request)
        assert second != STUDY
        await until(agent, lambda state: has_ended(state) and not state.uplink.pending)
        order = (await store.visit(second)).order
        assert order is not None
        assert order.study_instance_uid == STUDY
        with pytest.raises(InvalidTransition, match="choose the person again"):
            await agent.start_visit(VisitRequest(worklist_key="left the list"))


async def test_a_visit_that_was_given_up_before_its_first_still_leaves_the_study_to_the_next(
    config: StationConfig,
    server: Server,
    endpoint: str,
    hospital: Worklist,
    make_config: Callable[..., StationConfig],
) -> None:
    hospital.fill([item(1, StudyInstanceUID=STUDY)])
    slow = make_config(
        settle_s=0.5, uplink={"server": endpoint, "server_key": server.key}, worklist={"source": "server"}
    )
    async with server.running(endpoint) as (desk, store):
        await desk.refresh()
        async with running(slow) as agent:
            [entry] = (await until(agent, listed)).worklist.entries
            assert await agent.start_visit(VisitRequest(worklist_key=entry.key)) == STUDY
            await agent.abort()
            await until(agent, has_ended)
            assert await agent.start_visit(VisitRequest(worklist_key=entry.key)) == STUDY
            await until(agent, lambda state: has_ended(state) and not state.uplink.pending)
            async with asyncio.timeout(30):
                while not (await store.visit(STUDY)).complete:
                    await asyncio.sleep(0.05)
            assert len(await store.stills(STUDY)) == 3


async def test_the_list_stays_while_hospital_or_server_are_away_and_over_restarts(
    config: StationConfig, server: Server, endpoint: str, hospital: Worklist
) -> None:
    hospital.fill([item(n) for n in range(3)])
    async with server.running(endpoint) as (desk, _), running(config) as agent:
        await desk.refresh()
        told_at = (await until(agent, listed)).worklist.told_at
    async with running(config) as agent:
        state = await until(agent, listed)
        assert (len(state.worklist.entries), state.worklist.problem) == (3, server_list.AWAY)
        assert state.worklist.told_at == told_at
        with pytest.raises(WorklistUnavailable, match="nobody can be searched for"):
            await agent.search_worklist("P0001")
        [first, *_] = state.worklist.entries
        assert first.patient.patient_id


async def test_the_server_tells_its_kept_list_while_the_hospital_is_away(
    config: StationConfig, hospital: Worklist, tmp_path: Path, endpoint: str
) -> None:
    with wlmscpfs() as second:
        second.fill([item(n) for n in range(2)])
        (tmp_path / "other").mkdir()
        server = Server(tmp_path / "other", second)
        async with server.running("tcp://127.0.0.1:*") as (desk, _):
            await desk.refresh()
            assert desk.list is not None
            told_at = desk.list.told_at
    async with server.running("tcp://127.0.0.1:*") as (desk, _):
        assert desk.list is not None
        assert (desk.list.told_at, len(desk.list.entries)) == (told_at, 2)
        await desk.refresh()
        [told] = await desk.answer("booth-1", OrdersWanted(request=1))
        assert (told.problem, told.told_at, len(told.entries)) == (AWAY, told_at, 2)
        [found] = await desk.answer("booth-1", OrdersWanted(request=2, sought="ACC0001"))
        assert (found.problem, [one.order.accession_number for one in found.entries]) == (AWAY, ["ACC0001"])


async def test_somebody_who_is_not_in_the_list_is_found_and_visited(
    config: StationConfig, server: Server, endpoint: str, hospital: Worklist
) -> None:
    hospital.fill([item(1), item(2, StudyInstanceUID=STUDY, step={"Modality": "OT"})])
    async with server.running(endpoint) as (desk, _), running(config) as agent:
        await desk.refresh()
        state = await until(agent, listed)
        assert [one.accession_number for one in state.worklist.entries] == ["ACC0001"]
        found = await agent.search_worklist("ACC0002")
        [entry] = found.entries
        assert await agent.start_visit(VisitRequest(worklist_key=entry.key)) == STUDY
        await until(agent, has_ended)
        assert (await agent.search_worklist("nobody at all")).entries == ()


async def test_a_long_list_crosses_the_wire_in_pages(
    config: StationConfig, server: Server, endpoint: str, hospital: Worklist
) -> None:
    hospital.fill([item(n, PatientName="김" * 60 + f"^{n}") for n in range(300)])
    async with server.running(endpoint) as (desk, _), running(config) as agent:
        await desk.refresh()
        assert len(await desk.answer("booth-1", OrdersWanted(request=1))) > 1
        assert len((await until(agent, listed)).worklist.entries) == 300


async def test_a_server_without_a_worklist_is_told_as_such(
    config: StationConfig, server: Server, endpoint: str
) -> None:
    async with server.running(endpoint, orders=False), running(config) as agent:
        state = await until(agent, lambda state: state.worklist.problem == server_list.NO_LIST)
        assert state.uplink.connected


def test_a_worklist_of_the_server_needs_a_server(make_config: Callable[..., StationConfig]) -> None:
    with pytest.raises(ConfigError, match=r"needs uplink\.server"):
        make_config(worklist={"source": "server"})
