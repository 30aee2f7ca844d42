"""The operator hears that the disk runs short before a visit is lost to it."""

import asyncio
import os
from pathlib import Path

import pytest

from station.errors import SpoolFull
from station.transport import Spool, SpoolRoom
from station.transport.still_files import MANIFEST_ROOM
from tests.fixtures.capture_room import until
from tests.fixtures.stills import a_still

pytestmark = pytest.mark.unit

STILL = 40 * 30 * 3
VISIT = 2 * (STILL + MANIFEST_ROOM)
"""Bytes that a visit of two small stills is taken to need."""


async def test_nothing_is_forecast_before_the_first_still(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool", max_bytes=1)
    room = SpoolRoom(spool, stills=2)
    looked = await room.look()
    assert (looked.visits_left, looked.limit_bytes, looked.problem) == (None, 1, "")
    room.check_visit()
    room.close()
    await spool.close()


@pytest.mark.parametrize(
    ("fit", "says"), [(4, ""), (2, "Room for 2 more visits"), (1, "Room for 1 more visit ")]
)
async def test_short_room_is_told_in_visits(tmp_path: Path, fit: int, says: str) -> None:
    spool = Spool.open(tmp_path / "spool", max_bytes=STILL + fit * VISIT)
    await spool.put(a_still())
    room = SpoolRoom(spool, stills=2)
    looked = await room.look()
    assert (looked.visits_left, looked.used_bytes) == (fit, STILL)
    assert looked.problem.startswith(says)
    assert bool(looked.problem) == bool(says)
    room.check_visit()
    room.close()
    await spool.close()


async def test_a_visit_that_would_not_fit_is_refused_with_what_to_do(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool", max_bytes=STILL + VISIT - 1)
    still = a_still()
    await spool.put(still)
    room = SpoolRoom(spool, stills=2)
    room.check_visit()
    await room.look()
    with pytest.raises(SpoolFull, match=r"No room for another visit.*Connect the server.*uplink\.spool_gb"):
        room.check_visit()
    await spool.forget(still.sop_instance_uid)
    room.check_visit()
    room.close()
    await spool.close()


async def test_a_full_disk_is_told_apart_from_a_full_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool.open(tmp_path / "spool")
    await spool.put(a_still())
    full = list(os.statvfs(tmp_path))
    full[4] = 3  # f_bavail
    monkeypatch.setattr("station.transport.room.os.statvfs", lambda _path: os.statvfs_result(full))
    room = SpoolRoom(spool, stills=2)
    room.check_visit()
    await room.look()
    with pytest.raises(SpoolFull, match="or free space on the disk"):
        room.check_visit()
    assert room.latest.limit_bytes == STILL + 3 * os.statvfs_result(full).f_frsize
    room.close()
    await spool.close()


async def test_the_size_of_stills_is_known_over_restarts_and_follows_the_camera(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    big = a_still(width=80)
    await spool.put(big)
    await spool.forget(big.sop_instance_uid)
    await spool.close()
    spool = Spool.open(tmp_path / "spool")
    assert spool.still_bytes == 2 * STILL
    for seed in range(16):
        await spool.put(a_still(seed=seed))
    assert spool.still_bytes == STILL
    await spool.close()


async def test_a_change_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.transport.room.LOOK_S", 0.01)
    spool = Spool.open(tmp_path / "spool", max_bytes=10 * VISIT)
    room, told = SpoolRoom(spool, stills=2), 0

    def changed() -> None:
        nonlocal told
        told += 1

    watching = asyncio.create_task(room.run(changed))
    await until(lambda: told > 0)
    await asyncio.sleep(0.1)
    assert told == 1
    await spool.put(a_still())
    await until(lambda: told > 1)
    assert room.latest.used_bytes == STILL
    watching.cancel()
    await asyncio.wait([watching])
    room.close()
    await spool.close()
