"""What a booth took arrives whole, once, and is then let go."""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from server.errors import StorageFull
from server.events import BoothSeen, StillArrived
from server.store import standing
from station.protocol import (
    CHUNK_BYTES,
    Conditions,
    Encoding,
    ErrorCode,
    ServerMessage,
    StillProgress,
    StillStored,
    VisitClosed,
    VisitNoted,
    decode_pixels,
    new_uid,
)
from station.transport import Spool, ZeroMqUplink
from tests.fixtures.stills import a_still, a_visit
from tests.fixtures.uplink_processes import free_endpoint
from tests.fixtures.uplinks import QUICK_STATION, a_server, until

pytestmark = pytest.mark.integration


def refusal_of(uplink: ZeroMqUplink) -> ErrorCode | None:
    refused = uplink.state.refused
    return None if refused is None else refused.code


@pytest.mark.parametrize("encoding", list(Encoding))
async def test_a_visit_arrives_bit_for_bit_and_leaves_the_spool(tmp_path: Path, encoding: Encoding) -> None:
    spool = Spool.open(tmp_path / "spool", encoding=encoding)
    heard: list[ServerMessage] = []
    async with (
        a_server(tmp_path / "server") as server,
        server.uplink(spool, on_message=heard.append) as uplink,
    ):
        visit = a_visit()
        study = visit.study_instance_uid
        await spool.open_visit(visit)
        stills = [
            a_still(study, seed=n, width=700, height=500, bit_depth=b) for n, b in enumerate((8, 12, 8))
        ]
        for still in stills:
            await spool.put(still)
            uplink.notify()
        uids = spool.taken(study)
        await spool.close_visit(
            VisitClosed(study_instance_uid=study, closed_at=2.0, stills=uids, complete=True)
        )
        uplink.notify()
        await until(lambda: not spool.pending() and not spool.visits())
        for still in stills:
            known = await server.store.still(still.sop_instance_uid)
            assert known.blob is not None
            data = server.archive.resolve(known.blob).read_bytes()
            frame = decode_pixels(data, known.header, known.encoding)
            assert (frame.pixels == still.frame.pixels).all()
        closed = await server.store.visit(study)
        assert (closed.booth_id, closed.complete, closed.expected) == ("booth-1", True, uids)
        assert len(await server.store.work(study)) == 3
        assert uplink.state.stored == 3
    arrived = [event.sop_instance_uid for event in server.events if isinstance(event, StillArrived)]
    assert arrived == [still.sop_instance_uid for still in stills]
    assert [type(m) for m in heard].count(StillStored) == 3
    assert [m.closed for m in heard if isinstance(m, VisitNoted)] == [False, True]
    await spool.close()


async def test_the_server_hears_of_booths_and_can_talk_to_them(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    heard: list[ServerMessage] = []
    async with a_server(tmp_path / "server") as server:
        progress = StillProgress(
            study_instance_uid=new_uid(), sop_instance_uid=new_uid(), step="examine", done=True
        )
        assert not server.ingest.send("booth-1", progress)
        async with server.uplink(spool, on_message=heard.append) as uplink:
            await until(lambda: uplink.state.connected)
            assert uplink.state.server == "test server"
            assert server.ingest.booths == ("booth-1",)
            assert server.ingest.send("booth-1", progress)
            await until(lambda: progress in heard)
            await asyncio.sleep(QUICK_STATION.silence_s + 0.5)
            assert uplink.state.connected, "heartbeats keep an idle connection"
        await until(lambda: server.ingest.booths == ())
        assert server.events == [
            BoothSeen(booth_id="booth-1", connected=True),
            BoothSeen(booth_id="booth-1", connected=False),
        ]
        assert [booth.software for booth in await server.store.booths()] == ["test"]
    await spool.close()


async def test_what_was_taken_without_a_server_arrives_once_there_is_one(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    visit = a_visit()
    await spool.open_visit(visit)
    for n in range(3):
        await spool.put(a_still(visit.study_instance_uid, seed=n))
    endpoint = free_endpoint()  # nobody is given it while the server is away
    async with a_server(tmp_path / "server", endpoint=endpoint) as server:
        uplink = server.uplink(spool)
    async with uplink:
        await until(lambda: uplink.state.problem == "the server cannot be reached")
        assert uplink.state.pending == 3
        async with a_server(tmp_path / "server", endpoint=endpoint):
            await until(lambda: uplink.state.stored == 3)
            assert uplink.state.problem == ""
        await until(lambda: not uplink.state.connected)
    await spool.close()


async def test_a_booth_enrolled_late_gets_in_and_a_withdrawn_one_is_cut_off(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    async with a_server(tmp_path / "server") as server:
        uplink = server.uplink(spool)
        key_file = server.data / "booths" / "booth-1.key"
        key = key_file.read_bytes()
        key_file.unlink()
        async with uplink:
            await until(lambda: refusal_of(uplink) is ErrorCode.UNKNOWN_BOOTH)
            key_file.write_bytes(key)
            await until(lambda: uplink.state.connected)
            assert refusal_of(uplink) is None
            key_file.unlink()
            await until(lambda: not uplink.state.connected)
            await until(lambda: refusal_of(uplink) is ErrorCode.UNKNOWN_BOOTH)
    await spool.close()


async def test_a_lost_acknowledgement_is_answered_with_duplicate(tmp_path: Path) -> None:
    heard: list[ServerMessage] = []
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        visit, still = a_visit(), None
        await spool.open_visit(visit)
        still = a_still(visit.study_instance_uid)
        offer = await spool.put(still)
        await server.store.open_visit("booth-1", visit)
        blob = server.archive.blob(offer.study_instance_uid, offer.sop_instance_uid)
        blob.write_bytes(bytes(still.frame.pixels))
        assert await server.store.add_still("booth-1", offer, server.archive.relative(blob), 1.0)
        async with server.uplink(spool, on_message=heard.append):
            await until(lambda: not spool.pending())
        assert StillStored(sop_instance_uid=offer.sop_instance_uid, duplicate=True) in heard
        assert not [event for event in server.events if isinstance(event, StillArrived)]
        assert len(await server.store.work(visit.study_instance_uid)) == 1
        await spool.close()


async def test_a_file_whose_row_was_lost_is_adopted_without_sending_it_again(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        still = a_still(visit.study_instance_uid)
        offer = await spool.put(still)
        blob = server.archive.blob(offer.study_instance_uid, offer.sop_instance_uid)
        blob.write_bytes(bytes(still.frame.pixels))
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.state.stored == 1)
            assert uplink.state.sent_bytes == 0
        assert (await server.store.still(offer.sop_instance_uid)).sha256 == offer.sha256
        await spool.close()


async def test_a_broken_transfer_is_continued_where_it_stopped(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        still = a_still(visit.study_instance_uid, width=1000, height=1000)
        offer = await spool.put(still)
        partial = server.archive.incoming(offer.sop_instance_uid)
        partial = partial.with_name(f"{partial.name}.{offer.sha256[:16]}")
        partial.write_bytes(bytes(still.frame.pixels)[: 3 * CHUNK_BYTES + 17])
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.state.stored == 1)
            assert uplink.state.sent_bytes == offer.size - 3 * CHUNK_BYTES
        assert server.files()[0].read_bytes() == bytes(still.frame.pixels)
        assert not partial.exists()
        await spool.close()


async def test_a_remainder_that_is_not_this_still_costs_one_more_try(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        still = a_still(visit.study_instance_uid, width=1000, height=1000)
        offer = await spool.put(still)
        partial = server.archive.incoming(offer.sop_instance_uid)
        partial.with_name(f"{partial.name}.{offer.sha256[:16]}").write_bytes(bytes(2 * CHUNK_BYTES))
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.state.stored == 1)
        assert server.files()[0].read_bytes() == bytes(still.frame.pixels)
        assert uplink.state.parked == {}
        await spool.close()


async def test_a_still_that_rotted_in_the_spool_is_parked_and_the_others_go_on(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        rotten = await spool.put(a_still(visit.study_instance_uid))
        for n in (1, 2):
            await spool.put(a_still(visit.study_instance_uid, seed=n))
        (pixels,) = (spool.folder / "stills").glob(f"*{rotten.sop_instance_uid}/pixels")
        pixels.write_bytes(bytes(rotten.size))
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.state.stored == 2 and bool(uplink.state.parked))
            assert "damaged on the booth's disk" in uplink.state.parked[rotten.sop_instance_uid].message
        assert [offer.sop_instance_uid for offer in spool.pending()] == [rotten.sop_instance_uid]
        await spool.close()


async def test_another_stills_uid_is_a_conflict_and_parks_only_that_still(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spool, other = Spool.open(tmp_path / "spool"), Spool.open(tmp_path / "other")
        visit = a_visit()
        for each in (spool, other):
            await each.open_visit(visit)
        first = a_still(visit.study_instance_uid)
        await other.put(first)
        async with server.uplink(other):
            await until(lambda: not other.pending())
        second = a_still(visit.study_instance_uid, seed=1)
        clash = type(second)(**{**vars(second), "sop_instance_uid": first.sop_instance_uid})
        await spool.put(clash)
        await spool.put(a_still(visit.study_instance_uid, seed=2))
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.state.stored == 1 and bool(uplink.state.parked))
            assert uplink.state.parked[first.sop_instance_uid].code is ErrorCode.CONFLICT
        known = await server.store.still(first.sop_instance_uid)
        assert known.blob is not None
        assert server.archive.resolve(known.blob).read_bytes() == bytes(first.frame.pixels)
        for each in (spool, other):
            await each.close()


async def test_a_full_server_says_so_and_takes_the_still_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_server(tmp_path / "server", reserve_bytes=1 << 20) as server:
        spool = Spool.open(tmp_path / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        offer = await spool.put(a_still(visit.study_instance_uid))
        heard: list[ServerMessage] = []
        monkeypatch.setattr(server.archive, "free_bytes", lambda: (1 << 20) + offer.size - 1)
        async with server.uplink(spool, on_message=heard.append) as uplink:
            await until(lambda: any("disk is full" in str(message) for message in heard))
            assert uplink.state.connected
            assert uplink.state.parked == {}
            assert spool.pending() == (offer,)
            monkeypatch.setattr(server.archive, "free_bytes", lambda: (1 << 20) + offer.size)
            await until(lambda: uplink.state.stored == 1)
        await spool.close()


async def test_a_database_that_is_full_costs_a_retry_not_the_still(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_server(tmp_path / "server") as server:
        spool = Spool.open(tmp_path / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        await spool.put(a_still(visit.study_instance_uid))
        real, calls = server.store.add_still, []

        async def fails_once(*arguments: object) -> bool:
            calls.append(1)
            if len(calls) == 1:
                raise StorageFull("the database has no space left")
            return await real(*arguments)  # type: ignore[arg-type]

        monkeypatch.setattr(server.store, "add_still", fails_once)
        async with server.uplink(spool) as uplink:
            await until(lambda: uplink.state.stored == 1)
        assert len(calls) == 2
        await spool.close()


async def test_two_booths_at_once_each_get_their_own(tmp_path: Path) -> None:
    async with a_server(tmp_path / "server") as server:
        spools = {f"booth-{n}": Spool.open(tmp_path / f"spool-{n}") for n in (1, 2)}
        visits = {name: a_visit() for name in spools}
        for name, spool in spools.items():
            await spool.open_visit(visits[name])
            for n in range(4):
                await spool.put(a_still(visits[name].study_instance_uid, seed=n, width=600, height=600))
        async with server.uplink(spools["booth-1"], "booth-1"), server.uplink(spools["booth-2"], "booth-2"):
            await until(lambda: not any(spool.pending() for spool in spools.values()))
        for name, visit in visits.items():
            assert (await server.store.visit(visit.study_instance_uid)).booth_id == name
            assert len(await server.store.stills(visit.study_instance_uid)) == 4
        for spool in spools.values():
            await spool.close()


async def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    async with a_server(tmp_path / "server") as server:
        async with server.uplink(spool) as uplink:
            await uplink.close()
        await uplink.close()
        await server.ingest.close()
        await asyncio.wait_for(server.ingest.wait(), 1)
    await spool.close()


async def test_conditions_retakes_and_overrides_arrive_as_they_were_entered(tmp_path: Path) -> None:
    conditions = Conditions(acclimatised_min=15, room_c=21.5, humidity_pct=44, products="none")
    visit = msgspec.structs.replace(a_visit(), conditions=conditions)
    study = visit.study_instance_uid
    spool = Spool.open(tmp_path / "spool")
    await spool.open_visit(visit)
    first = a_still(study)
    second = replace(a_still(study, seed=1), replaces=first.sop_instance_uid, override="the lamp of the room")
    for still in (first, second):
        await spool.put(still)
    await spool.close()
    spool = Spool.open(tmp_path / "spool")
    async with a_server(tmp_path / "server") as server, server.uplink(spool):
        await until(lambda: not spool.pending())
        assert (await server.store.visit(study)).conditions == conditions
        stills = await server.store.stills(study)
        assert {still.override for still in stills} == {"", "the lamp of the room"}
        assert [still.sop_instance_uid for still in standing(stills)] == [second.sop_instance_uid]
    await spool.close()
