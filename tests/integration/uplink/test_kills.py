"""Processes end by SIGKILL at any point: what was taken arrives once, and only what is durable was acknowledged."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from server.store import Archive, Store
from station.protocol import StillOffer
from station.still import TakenStill
from station.transport import Spool
from tests.fixtures.stills import a_still, a_visit
from tests.fixtures.uplink_processes import free_endpoint, start_server, start_station
from tests.fixtures.uplinks import booth_uplink, enrol, until

pytestmark = pytest.mark.integration

MEGAPIXELS_6 = {"width": 3000, "height": 2000}


async def a_full_spool(folder: Path, stills: int) -> tuple[Spool, list[TakenStill]]:
    spool = Spool.open(folder)
    visit = a_visit()
    await spool.open_visit(visit)
    taken = [a_still(visit.study_instance_uid, seed=n, **MEGAPIXELS_6) for n in range(stills)]
    for still in taken:
        await spool.put(still)
    return spool, taken


async def check_arrived_once(data: Path, offers: tuple[StillOffer, ...], stills: list[TakenStill]) -> None:
    store = Store.open(f"sqlite:///{data / 'dermabooth.db'}")
    archive = Archive(data / "archive")
    known = await store.stills(offers[0].study_instance_uid)
    assert {still.sop_instance_uid for still in known} == {offer.sop_instance_uid for offer in offers}
    work = await store.work(offers[0].study_instance_uid)
    assert len(work) == len(offers)
    for still in stills:
        row = await store.still(still.sop_instance_uid)
        assert row.blob is not None
        assert archive.resolve(row.blob).read_bytes() == bytes(still.frame.pixels.data)
    assert list((data / "incoming").iterdir()) == []
    await store.close()


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.mark.parametrize("after_bytes", [1, 9_000_000, 18_000_000])
async def test_a_server_killed_in_a_transfer_gets_every_still_once_it_is_back(
    tmp_path: Path, after_bytes: int
) -> None:
    data, endpoint = tmp_path / "server", free_endpoint()
    enrol(data, "booth-1")
    server = await asyncio.to_thread(start_server, data, endpoint)
    spool, stills = await a_full_spool(tmp_path / "spool", 2)
    offers = spool.pending()
    uplink = booth_uplink(data, endpoint, spool)
    try:
        async with uplink:
            await until(lambda: uplink.state.sent_bytes >= after_bytes)
            await asyncio.to_thread(kill, server)
            await until(lambda: not uplink.state.connected)
            server = await asyncio.to_thread(start_server, data, endpoint)
            await until(lambda: not spool.pending())
    finally:
        await asyncio.to_thread(kill, server)
        await spool.close()
    await check_arrived_once(data, offers, stills)


async def test_a_station_killed_in_a_transfer_goes_on_when_it_is_back(tmp_path: Path) -> None:
    data, endpoint = tmp_path / "server", free_endpoint()
    enrol(data, "booth-1")
    server = await asyncio.to_thread(start_server, data, endpoint)
    spool, stills = await a_full_spool(tmp_path / "spool", 2)
    offers = spool.pending()
    await spool.close()

    def sent_at_least(station: "subprocess.Popen[str]", sent: int, stored: int) -> None:
        assert station.stdout is not None
        for line in station.stdout:
            if [int(word) >= least for word, least in zip(line.split(), (sent, stored), strict=True)] == [
                True
            ] * 2:
                return

    try:
        station = await asyncio.to_thread(start_station, tmp_path / "spool", data, endpoint)
        await asyncio.to_thread(sent_at_least, station, 4_000_000, 0)
        await asyncio.to_thread(kill, station)
        left = Spool.open(tmp_path / "spool")
        waiting = len(left.pending())
        await left.close()
        station = await asyncio.to_thread(start_station, tmp_path / "spool", data, endpoint)
        await asyncio.to_thread(sent_at_least, station, 0, waiting)
        await asyncio.to_thread(kill, station)
    finally:
        await asyncio.to_thread(kill, server)
    left = Spool.open(tmp_path / "spool")
    assert left.pending() == ()
    await left.close()
    await check_arrived_once(data, offers, stills)
