"""Storage commitment with Orthanc, which reports on an association of its own to the listener's process."""

import os
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from server.config import ServerConfig
from server.config.destinations import DimseSection
from server.dimse import (
    COMMITMENT,
    PLAIN,
    VERIFICATION,
    Association,
    CommitmentAnswer,
    Offer,
    Peer,
    Transactions,
)
from server.errors import PeerUnavailable
from server.outbox.contract import Fate, Parcel
from server.outbox.destinations.dimse import DimseDestination
from station.protocol import new_uid
from tests.fixtures.listener_process import ListenerProcess, listening
from tests.fixtures.orthanc import Orthanc, running
from tests.fixtures.parcels import sent, visit
from tests.fixtures.ports import free_port

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Orthanc, ListenerProcess]]:
    port = free_port()
    booth = {"AET": "DERMABOOTH", "Host": "127.0.0.1", "Port": port, "AllowStorageCommitment": True}
    data = tmp_path_factory.mktemp("listener")
    with running({"DicomModalities": {"booth": booth}}) as orthanc, listening(data, port=port) as listener:
        yield orthanc, listener


@pytest.fixture
async def destination(
    pacs: tuple[Orthanc, ListenerProcess], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DimseDestination]:
    """One that waits for the answer as long as a busy computer needs."""
    monkeypatch.setattr("server.outbox.destinations.dimse._LISTENER_WAIT_S", 30.0)
    orthanc, listener = pacs
    orthanc.empty()
    opened = make(orthanc, listener.data)
    yield opened
    await opened.close()


def make(orthanc: Orthanc, data: Path, commitment: str = "listener") -> DimseDestination:
    config = ServerConfig.load(
        data=data,
        dicom={
            "listener": {
                "enabled": True,
                "allowed_ae_titles": ["ORTHANC"],
                "allowed_addresses": ["127.0.0.1"],
            }
        },
        destinations=[
            {
                "type": "dimse",
                "name": "pacs",
                "host": "127.0.0.1",
                "port": orthanc.dicom_port,
                "ae_title": orthanc.aet,
                "commitment": commitment,
            }
        ],
    )
    section = config.destinations[0]
    assert isinstance(section, DimseSection)
    return DimseDestination(section, config.dicom, config.run)


@pytest.fixture
def parcels(tmp_path: Path) -> list[Parcel]:
    return visit(tmp_path)


async def test_what_was_stored_is_committed(destination: DimseDestination, parcels: list[Parcel]) -> None:
    await sent(destination, parcels)
    told = await destination.confirm(parcels)
    assert [one.sop_instance_uid for one in told] == [one.sop_instance_uid for one in parcels]
    assert {one.fate for one in told} == {Fate.COMMITTED}


async def test_what_is_not_there_is_sent_again(destination: DimseDestination, parcels: list[Parcel]) -> None:
    await sent(destination, parcels[:-1])
    told = await destination.confirm(parcels)
    assert {one.fate for one in told[:-1]} == {Fate.COMMITTED}
    assert told[-1].fate is Fate.AGAIN
    assert "no such object" in told[-1].reason


async def test_nothing_is_left_when_all_is_told(
    destination: DimseDestination, parcels: list[Parcel], pacs: tuple[Orthanc, ListenerProcess]
) -> None:
    await sent(destination, parcels)
    await destination.confirm(parcels)
    assert not list((pacs[1].data / "run" / "commitments").iterdir())


async def test_an_answer_that_comes_later_is_found(
    pacs: tuple[Orthanc, ListenerProcess], parcels: list[Parcel], tmp_path: Path
) -> None:
    """As after a server that was killed between question and answer."""
    orthanc, _ = pacs
    asking = make(orthanc, tmp_path / "elsewhere")  # no listener writes there
    await sent(asking, parcels)
    assert {one.fate for one in await asking.confirm(parcels)} == {Fate.STORED}
    assert {one.fate for one in await asking.confirm(parcels)} == {Fate.STORED}
    transactions = Transactions(tmp_path / "elsewhere" / "run" / "commitments")
    (transaction,) = transactions.of("pacs")
    uids = frozenset(one.sop_instance_uid for one in parcels)
    assert transactions.tell(CommitmentAnswer(transaction.uid, uids, {}))
    await asking.close()
    again = make(orthanc, tmp_path / "elsewhere")
    assert {one.fate for one in await again.confirm(parcels[:2])} == {Fate.COMMITTED}
    assert {one.fate for one in await again.confirm(parcels[2:])} == {Fate.COMMITTED}
    await again.close()


def test_an_answer_to_nobody_is_not_kept(tmp_path: Path) -> None:
    transactions = Transactions(tmp_path)
    assert not transactions.tell(CommitmentAnswer(new_uid(), frozenset({new_uid()}), {}))
    assert not transactions.tell(CommitmentAnswer("../../etc/passwd", frozenset(), {}))
    asked = transactions.ask("pacs", {"1.2.3"})
    assert transactions.tell(CommitmentAnswer(asked.uid, frozenset({"1.2.3", "1.2.4"}), {"1.2.5": 0x112}))
    answer = transactions.answer(asked)
    assert answer is not None
    assert (answer.kept, answer.failed) == (frozenset({"1.2.3"}), {})
    assert oct(os.stat(tmp_path).st_mode & 0o007) == "0o0"


def test_only_those_who_are_allowed(pacs: tuple[Orthanc, ListenerProcess]) -> None:
    _, listener = pacs
    allowed = Peer("127.0.0.1", listener.port, "DERMABOOTH", "ORTHANC")
    with Association(allowed, [Offer(VERIFICATION, PLAIN), Offer(COMMITMENT, PLAIN)]) as association:
        association.echo()
    for peer, reason in (
        (replace(allowed, calling="STRANGER"), "does not know our AE title"),
        (replace(allowed, ae_title="OTHER"), "is not called by that AE title"),
    ):
        with pytest.raises(PeerUnavailable, match=reason):
            Association(peer, [Offer(VERIFICATION, PLAIN)]).open()


def test_strangers_addresses_are_dropped(pacs: tuple[Orthanc, ListenerProcess]) -> None:
    address = ("127.0.0.1", pacs[1].port)
    with socket.create_connection(address, 5, source_address=("127.0.0.2", 0)) as stranger:
        assert stranger.recv(1) == b""
