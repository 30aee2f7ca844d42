"""Every destination keeps to the contract, each towards its real counterpart."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from server.config import ServerConfig
from server.errors import DestinationUnavailable
from server.outbox.contract import Destination, Fate, Parcel
from server.outbox.destinations import open_destination
from server.store import Store
from tests.fixtures.dcmtk import storescp
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.parcels import sent, visit

pytestmark = pytest.mark.contract

KINDS = ("folder", "dimse", "stow", "dcmtk")


@dataclass
class Counterpart:
    """A destination with what is on the other side of it."""

    destination: Destination
    held: Callable[[], list[str]]
    """SOP Instance UIDs there, sorted."""
    leave: Callable[[], None]
    """Be away from now on."""
    proves: bool


def opened(tmp_path: Path, **section: object) -> Destination:
    config = ServerConfig.load(
        data=tmp_path / "data", destinations=[{"name": "pacs", "timeout_s": 20, **section}]
    )
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    return open_destination(config.destinations[0], config, store)


@pytest.fixture(params=KINDS)
async def there(
    request: pytest.FixtureRequest, tmp_path: Path, orthanc: Orthanc
) -> AsyncIterator[Counterpart]:
    with contextlib.ExitStack() as stack:
        match request.param:
            case "folder":
                folder = tmp_path / "out"
                folder.mkdir()
                counterpart = Counterpart(
                    opened(tmp_path, type="folder", path=folder),
                    lambda: sorted(path.stem for path in folder.glob("*/*.dcm")),
                    lambda: (folder.rename(tmp_path / "away"), None)[1],
                    proves=True,
                )
            case "dimse":
                peer = {"host": "127.0.0.1", "port": orthanc.dicom_port, "ae_title": orthanc.aet}
                counterpart = Counterpart(
                    opened(tmp_path, type="dimse", **peer), orthanc.instances, lambda: None, proves=False
                )
            case "stow":
                counterpart = Counterpart(
                    opened(tmp_path, type="stow", url=orthanc.web),
                    orthanc.instances,
                    lambda: None,
                    proves=True,
                )
            case _:
                scp = stack.enter_context(storescp(tmp_path / "scp"))
                peer = {"host": "127.0.0.1", "port": scp.port, "ae_title": "ANY"}
                counterpart = Counterpart(
                    opened(tmp_path, type="dimse", **peer), scp.instances, scp.kill, proves=False
                )
        yield counterpart
        await counterpart.destination.close()


@pytest.fixture
def parcels(tmp_path: Path) -> list[Parcel]:
    files = tmp_path / "files"
    files.mkdir()
    return visit(files)


async def test_all_arrive_in_order_and_are_proved(there: Counterpart, parcels: list[Parcel]) -> None:
    outcomes = await sent(there.destination, parcels)
    uids = [one.sop_instance_uid for one in parcels]
    assert [(one.sop_instance_uid, one.fate) for one in outcomes] == [(uid, Fate.STORED) for uid in uids]
    assert there.held() == sorted(uids)
    told = await there.destination.confirm(parcels)
    expected = Fate.COMMITTED if there.proves else Fate.STORED
    assert {one.sop_instance_uid: one.fate for one in told} == dict.fromkeys(uids, expected)


async def test_what_is_there_already_is_stored_once(there: Counterpart, parcels: list[Parcel]) -> None:
    for _ in range(2):
        outcomes = await sent(there.destination, parcels)
        assert {one.fate for one in outcomes} == {Fate.STORED}
    assert there.held() == sorted(one.sop_instance_uid for one in parcels)


async def test_a_send_that_is_left_in_its_middle_lets_go(there: Counterpart, parcels: list[Parcel]) -> None:
    sending = there.destination.send(parcels)
    first = await anext(sending)
    await sending.aclose()
    assert first.sop_instance_uid == parcels[0].sop_instance_uid
    assert {one.fate for one in await sent(there.destination, parcels)} == {Fate.STORED}


async def test_a_cancelled_send_lets_go(there: Counterpart, parcels: list[Parcel]) -> None:
    task = asyncio.create_task(sent(there.destination, parcels))
    await asyncio.sleep(0.005)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert {one.fate for one in await sent(there.destination, parcels)} == {Fate.STORED}


async def test_a_file_that_is_gone_concerns_nothing_else(
    there: Counterpart, parcels: list[Parcel], request: pytest.FixtureRequest
) -> None:
    if "folder" in request.node.name:
        pytest.skip("the outbox looks at files before it hands them over")
    lost = replace(parcels[0], path=parcels[0].path.with_name("lost.dcm"))
    outcomes = {one.sop_instance_uid: one for one in await sent(there.destination, [lost, *parcels[1:]])}
    assert outcomes[lost.sop_instance_uid].fate is Fate.PARKED
    assert outcomes[lost.sop_instance_uid].next_step
    assert {outcomes[one.sop_instance_uid].fate for one in parcels[1:]} == {Fate.STORED}


async def test_a_counterpart_that_is_away(tmp_path: Path, parcels: list[Parcel]) -> None:
    for section in (
        {"type": "dimse", "host": "127.0.0.1", "port": 9, "ae_title": "AWAY"},
        {"type": "stow", "url": "http://127.0.0.1:9/dicom-web"},
        {"type": "folder", "path": tmp_path / "absent"},
    ):
        destination = opened(tmp_path, **section)
        with pytest.raises(DestinationUnavailable):
            await sent(destination, parcels)
        await destination.close()
        await destination.close()


async def test_no_threads_stay(tmp_path: Path, orthanc: Orthanc, parcels: list[Parcel]) -> None:
    await asyncio.sleep(0)
    before = threading.active_count()
    for _ in range(3):
        peer = {"host": "127.0.0.1", "port": orthanc.dicom_port, "ae_title": orthanc.aet}
        for destination in (
            opened(tmp_path, type="dimse", **peer),
            opened(tmp_path, type="stow", url=orthanc.web),
        ):
            await sent(destination, parcels)
            await destination.close()
    for _ in range(1000):
        if own_threads() == 0:
            break
        await asyncio.sleep(0.02)
    assert own_threads() == 0
    assert threading.active_count() <= before + 8, "asyncio's own pool alone may have grown"


def own_threads() -> int:
    return sum(thread.name.startswith("outbox-") for thread in threading.enumerate())
