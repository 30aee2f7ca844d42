"""A booth that is killed at any named step loses nothing that it said was taken, and nothing is stored twice."""

import asyncio
from pathlib import Path

import pytest

from server.ingest import open_server_keys
from server.store import standing
from tests.fixtures.booth_process import (
    AGAIN_REASON,
    BOOTH,
    CONDITIONS,
    POINTS,
    REASON,
    STILLS,
    BoothProcess,
    prepare_booth,
    taken,
)
from tests.fixtures.uplinks import Server, a_server

pytestmark = pytest.mark.integration

AGAIN = STILLS + 1
"""The pass that is the still taken again."""
ONCE_EACH_STILL = (
    "lighting",
    "exposed",
    "written, not fsynced",
    "fsynced, not renamed",
    "renamed",
    "offered",
    "chunk sent",
    "stored heard, not forgotten",
    "stored half noted",
    "stored noted, not removed",
    "forgotten",
)
PASSES = [(point, 1) for point in POINTS] + [(point, AGAIN) for point in ONCE_EACH_STILL]


@pytest.mark.parametrize(("point", "passes"), PASSES, ids=lambda value: str(value))
async def test_a_booth_killed_at_a_step_loses_nothing_and_stores_nothing_twice(
    tmp_path: Path, point: str, passes: int
) -> None:
    booth = tmp_path / "booth"
    keys = prepare_booth(booth)
    async with a_server(tmp_path / "server") as server:
        (server.data / "booths").mkdir(exist_ok=True)
        (server.data / "booths" / f"{BOOTH}.key").write_bytes(keys.public)
        open_server_keys(server.data / "keys")
        key = server.data / "keys" / "server.key"
        endpoint = server.ingest.endpoint
        first = BoothProcess(booth, endpoint, key, shoot=True, die_at=(point, passes))
        assert await first.dead() == -9, f"the booth never came to {point!r}"
        second = BoothProcess(booth, endpoint, key, shoot=False)
        assert await second.dead() == 0
        await check(server, set(taken(booth)))
    assert list((booth / "data" / "spool" / "stills").iterdir()) == []


async def check(server: Server, told: set[str]) -> None:
    """Everything told is there once, with what the operator entered, and the visit is closed over exactly that."""
    visits = await server.store.visits()
    stills = [still for visit in visits for still in await server.store.stills(visit.study_instance_uid)]
    uids = [still.sop_instance_uid for still in stills]
    assert told <= set(uids)
    assert len(server.files()) == len(uids) == len(set(uids))
    for visit in visits:
        assert visit.conditions == CONDITIONS
        assert visit.closed_at is not None
        assert set(visit.expected) == set(uids)
        assert visit.complete == (len(standing(stills)) == STILLS)
        assert len(await server.store.work(visit.study_instance_uid)) == len(uids)
    retaken = [still for still in stills if still.replaces is not None]
    assert {still.override for still in retaken} <= {AGAIN_REASON}
    assert {still.override for still in stills if still not in retaken} <= {REASON}
    assert all(still.replaces in uids for still in retaken)
    files = await asyncio.to_thread(lambda: [path.stat().st_size for path in server.files()])
    assert sorted(files) == sorted(still.size for still in stills)
