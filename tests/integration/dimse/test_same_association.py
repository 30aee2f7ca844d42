"""Storage commitment that is reported in the association that asked, by a peer of pynetdicom: Orthanc and dcmtk have none."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from server.config import ServerConfig
from server.config.destinations import DimseSection
from server.outbox.contract import Fate, Parcel
from server.outbox.destinations.dimse import DimseDestination
from tests.fixtures.committing_scp import CommittingScp, committing_scp
from tests.fixtures.parcels import sent, visit

pytestmark = pytest.mark.integration


@pytest.fixture
def pacs() -> Iterator[CommittingScp]:
    with committing_scp() as scp:
        yield scp


@pytest.fixture
async def destination(pacs: CommittingScp, tmp_path: Path) -> AsyncIterator[DimseDestination]:
    peer = {"type": "dimse", "name": "pacs", "host": "127.0.0.1", "port": pacs.port, "ae_title": "PACS"}
    section = {**peer, "commitment": "same_association"}
    config = ServerConfig.load(data=tmp_path / "data", destinations=[section])
    assert isinstance(config.destinations[0], DimseSection)
    opened = DimseDestination(config.destinations[0], config.dicom, config.run)
    yield opened
    await opened.close()


@pytest.fixture
def parcels(tmp_path: Path) -> list[Parcel]:
    folder = tmp_path / "files"
    folder.mkdir()
    return visit(folder)


async def test_what_was_stored_is_committed_without_a_listener(
    pacs: CommittingScp, destination: DimseDestination, parcels: list[Parcel]
) -> None:
    assert {one.fate for one in await sent(destination, parcels)} == {Fate.STORED}
    before = pacs.associations
    told = await destination.confirm(parcels)
    assert {one.sop_instance_uid: one.fate for one in told} == {
        one.sop_instance_uid: Fate.COMMITTED for one in parcels
    }
    pacs.wait_reported()
    assert (pacs.reported, pacs.associations) == ([0x0000], before + 1)


async def test_what_it_lost_is_sent_again(
    pacs: CommittingScp, destination: DimseDestination, parcels: list[Parcel]
) -> None:
    await sent(destination, parcels)
    pacs.loses = {parcels[0].sop_instance_uid}
    told = {one.sop_instance_uid: one for one in await destination.confirm(parcels)}
    lost = told.pop(parcels[0].sop_instance_uid)
    assert lost.fate is Fate.AGAIN
    assert "no such object" in lost.reason
    assert {one.fate for one in told.values()} == {Fate.COMMITTED}


async def test_one_that_never_reports_is_asked_again(
    pacs: CommittingScp,
    destination: DimseDestination,
    parcels: list[Parcel],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await sent(destination, parcels)
    pacs.answers = False
    with monkeypatch.context() as patch:
        patch.setattr("server.outbox.destinations.dimse._SAME_ASSOCIATION_WAIT_S", 0.3)
        assert {one.fate for one in await destination.confirm(parcels)} == {Fate.STORED}
    pacs.answers = True
    assert {one.fate for one in await destination.confirm(parcels)} == {Fate.COMMITTED}
