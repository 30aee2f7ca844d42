"""What a booth took while it was alone leaves in order, and the next patient's stills are kept meanwhile."""

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.events import StillArrived
from server.ingest.incoming import Incoming
from server.store import Store
from station.protocol import CHUNK_BYTES, CREDIT, ServerMessage, StillStored, VisitClosed, new_uid
from station.still import TakenStill
from station.transport import Spool, ZeroMqUplink
from station.transport.still_files import SpooledStill, StillFiles
from tests.fixtures.stills import a_still, a_visit
from tests.fixtures.uplink_processes import free_endpoint, start_server
from tests.fixtures.uplinks import a_server, booth_uplink, until
from tests.integration.uplink.test_kills import kill

pytestmark = pytest.mark.integration

BACKLOG_VISITS, STILLS_EACH = 8, 4
SIZE = {"width": 1500, "height": 1000}


async def test_a_still_that_takes_long_to_be_stored_holds_those_after_it_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool.open(tmp_path / "spool")
    await keep_visit(spool, 4)
    taken = [offer.sop_instance_uid for offer in spool.pending()]
    keep = Incoming.keep

    def slow_at_first(incoming: Incoming, blob: Path) -> None:
        if incoming.offer.sop_instance_uid in taken[::2]:
            time.sleep(0.4)
        keep(incoming, blob)

    monkeypatch.setattr(Incoming, "keep", slow_at_first)
    async with a_server(tmp_path / "server") as server:
        async with server.uplink(spool):
            await until(lambda: not spool.pending())
        arrived = [event.sop_instance_uid for event in server.events if isinstance(event, StillArrived)]
        assert arrived == taken
        rows = [await server.store.still(uid) for uid in taken]
        assert [row.received_at for row in rows] == sorted(row.received_at for row in rows)
    await spool.close()


async def test_a_spool_that_takes_long_to_let_go_of_things_sends_no_still_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool, heard = Spool.open(tmp_path / "spool"), list[ServerMessage]()
    for stills in (1, 3, 3):
        await keep_visit(spool, stills)
    remove = StillFiles.remove

    def slow(files: StillFiles, still: SpooledStill) -> None:
        time.sleep(0.2)
        remove(files, still)

    monkeypatch.setattr(StillFiles, "remove", slow)
    async with (
        a_server(tmp_path / "server") as server,
        server.uplink(spool, on_message=heard.append) as uplink,
    ):
        await until(lambda: not spool.pending() and not spool.visits())
        assert uplink.state.stored == 7
    assert [message.duplicate for message in heard if isinstance(message, StillStored)] == [False] * 7
    await spool.close()


async def test_the_backlog_holds_still_while_a_still_is_made_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool.open(tmp_path / "spool")
    study = await keep_visit(spool, 3, width=3000, height=2000)
    write, sent = StillFiles.write, list[int]()
    async with a_server(tmp_path / "server") as server, server.uplink(spool) as uplink:

        def slow(files: StillFiles, sequence: int, *rest: Any) -> SpooledStill:
            time.sleep(0.1)
            sent.append(uplink.state.sent_bytes)
            time.sleep(0.5)
            sent.append(uplink.state.sent_bytes)
            return write(files, sequence, *rest)

        monkeypatch.setattr(StillFiles, "write", slow)
        await until(lambda: uplink.state.sent_bytes > 0)
        await spool.put(a_still(study))
        assert sent[0] < 3 * 3000 * 2000 * 3, "everything had left before"
        assert sent[1] - sent[0] <= CREDIT * CHUNK_BYTES
        await until(lambda: not spool.pending())
    await spool.close()


async def keep_visit(spool: Spool, stills: int, **size: int) -> str:
    """A finished visit in the spool; its UID."""
    visit = a_visit()
    study = visit.study_instance_uid
    await spool.open_visit(visit)
    for number in range(stills):
        await spool.put(a_still(study, seed=number, **size))
    uids = spool.taken(study)
    await spool.close_visit(VisitClosed(study_instance_uid=study, closed_at=2.0, stills=uids, complete=True))
    return study


async def test_the_next_patients_stills_are_kept_while_the_backlog_leaves_in_order(tmp_path: Path) -> None:
    data, endpoint = tmp_path / "server", free_endpoint()
    spool = Spool.open(tmp_path / "spool")
    uplink = booth_uplink(data, endpoint, spool)
    async with uplink:
        for _ in range(BACKLOG_VISITS):
            await shoot(spool, uplink, stills_of_one())
        following = stills_of_one()
        taken = [offer.sop_instance_uid for offer in spool.pending()]
        server = await asyncio.to_thread(start_server, data, endpoint)
        try:
            await until(lambda: uplink.state.stored > 0)
            await shoot(spool, uplink, following)
            newest = spool.pending()[-STILLS_EACH:]
            assert len(spool.pending()) > STILLS_EACH, "the backlog was gone before the next patient was"
            taken += [offer.sop_instance_uid for offer in newest]
            await until(lambda: not spool.pending() and not spool.visits())
        finally:
            await asyncio.to_thread(kill, server)
    await spool.close()
    await check_stored_in_order(data, taken)


def stills_of_one() -> list[TakenStill]:
    study = new_uid()
    return [a_still(study, seed=number, **SIZE) for number in range(STILLS_EACH)]


async def shoot(spool: Spool, uplink: ZeroMqUplink, stills: list[TakenStill]) -> None:
    """A whole visit, each still safe on disk before the next."""
    study = stills[0].study_instance_uid
    await spool.open_visit(msgspec.structs.replace(a_visit(), study_instance_uid=study))
    uplink.notify()
    for still in stills:
        await spool.put(still)
        uplink.notify()
    uids = spool.taken(study)
    await spool.close_visit(VisitClosed(study_instance_uid=study, closed_at=2.0, stills=uids, complete=True))
    uplink.notify()


async def check_stored_in_order(data: Path, taken: list[str]) -> None:
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}")
    try:
        rows = [await store.still(uid) for uid in taken]
        visits = await store.visits()
        kept = [still for visit in visits for still in await store.stills(visit.study_instance_uid)]
    finally:
        await store.close()
    assert len(set(taken)) == len(taken) == len(kept) == (BACKLOG_VISITS + 1) * STILLS_EACH
    assert [row.received_at for row in rows] == sorted(row.received_at for row in rows)
    assert all(visit.closed_at is not None and visit.complete for visit in visits)
