"""A still that was put is there after any end of the process; one that was not leaves nothing."""

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station import durable
from station.errors import ConfigError, SpoolFull
from station.protocol import Encoding, MalformedMessage, VisitClosed, decode_pixels
from station.transport import Spool
from tests.fixtures.stills import a_still, a_visit

pytestmark = pytest.mark.unit


async def reopened(spool: Spool) -> Spool:
    await spool.close()
    return Spool.open(spool.folder)


async def content(spool: Spool, uid: str) -> bytes:
    offer = next(offer for offer in spool.pending() if offer.sop_instance_uid == uid)
    buffer = bytearray(1000)
    parts = []
    for at in range(0, offer.size, len(buffer)):
        count = await spool.read_into(uid, at, memoryview(buffer))
        parts.append(bytes(buffer[:count]))
    return b"".join(parts)


@pytest.mark.parametrize("bit_depth", [8, 12])
@pytest.mark.parametrize("encoding", list(Encoding))
async def test_a_still_comes_back_bit_for_bit(tmp_path: Path, encoding: Encoding, bit_depth: int) -> None:
    spool = Spool.open(tmp_path / "spool", encoding=encoding)
    still = a_still(bit_depth=bit_depth)
    offer = await spool.put(still)
    spool = await reopened(spool)
    assert spool.pending() == (offer,)
    data = await content(spool, offer.sop_instance_uid)
    assert (len(data), hashlib.sha256(data).hexdigest()) == (offer.size, offer.sha256)
    assert np.array_equal(decode_pixels(data, offer.header, offer.encoding).pixels, still.frame.pixels)
    assert await spool.is_whole(offer.sop_instance_uid)
    await spool.close()


async def test_stills_stay_in_the_order_they_were_taken_over_restarts(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    uids = [(await spool.put(a_still(seed=n))).sop_instance_uid for n in range(3)]
    spool = await reopened(spool)
    uids.append((await spool.put(a_still(seed=3))).sop_instance_uid)
    await spool.forget(uids[1])
    spool = await reopened(spool)
    assert [offer.sop_instance_uid for offer in spool.pending()] == [uids[0], uids[2], uids[3]]
    assert spool.used_bytes == 3 * 3600
    await spool.close()


async def test_a_visit_is_kept_with_what_was_taken(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    opened = a_visit()
    await spool.open_visit(opened)
    await spool.open_visit(opened)
    study = opened.study_instance_uid
    uids = [(await spool.put(a_still(study, seed=n))).sop_instance_uid for n in range(3)]
    await spool.forget(uids[2])
    await spool.forget(uids[0])
    assert spool.taken(study) == (uids[2], uids[0], uids[1])
    spool = await reopened(spool)
    assert spool.taken(study) == (uids[2], uids[0], uids[1])
    closed = VisitClosed(study_instance_uid=study, closed_at=2.0, stills=spool.taken(study), complete=False)
    await spool.close_visit(closed)
    spool = await reopened(spool)
    (visit,) = spool.visits()
    assert (visit.opened, visit.closed) == (opened, closed)
    await spool.forget_visit(study)
    await spool.forget_visit(study)
    spool = await reopened(spool)
    assert spool.visits() == ()
    await spool.close()


async def test_the_limit_names_the_folder_and_what_was_needed(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool", max_bytes=4000)
    await spool.put(a_still())
    with pytest.raises(SpoolFull, match=rf"{spool.folder}.*3600 bytes needed, 400 left"):
        await spool.put(a_still(seed=1))
    assert len(spool.pending()) == 1
    assert len(list((spool.folder / "stills").iterdir())) == 1
    await spool.close()


async def test_a_still_that_no_server_would_take_is_refused_at_once(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    with pytest.raises(MalformedMessage):
        await spool.put(a_still("not a uid"))
    assert list((spool.folder / "stills").iterdir()) == []
    await spool.close()


async def test_damaged_stills_are_named_and_left_alone(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    offers = [await spool.put(a_still(seed=n)) for n in range(3)]
    folders = sorted((spool.folder / "stills").iterdir())
    os.truncate(folders[0] / "pixels", 100)
    (folders[1] / "offer").write_bytes(b"\xc1garbage")
    (folders[2] / "pixels").write_bytes(bytes(offers[2].size))
    spool = await reopened(spool)
    assert spool.damaged == (folders[0].name, folders[1].name)
    assert spool.pending() == (offers[2],)
    assert not await spool.is_whole(offers[2].sop_instance_uid)
    assert folders[0].is_dir()
    await spool.close()


async def test_what_cannot_be_deleted_is_let_go_and_cleared_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool.open(tmp_path / "spool")
    offer = await spool.put(a_still())
    with monkeypatch.context() as failing:
        failing.setattr("shutil.rmtree", lambda *_, **__: None)
        await spool.forget(offer.sop_instance_uid)
    assert spool.pending() == ()
    assert list((tmp_path / "spool" / "stills").iterdir())
    spool = await reopened(spool)
    assert spool.pending() == ()
    assert not list((tmp_path / "spool" / "stills").iterdir())
    await spool.close()


def test_new_folders_are_made_durable_from_the_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[Path] = []
    monkeypatch.setattr(durable, "sync_folder", synced.append)
    durable.make_folder(tmp_path / "a" / "b")
    durable.make_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
    assert (tmp_path / "a" / "b").stat().st_mode & 0o777 == 0o700


def test_a_place_that_cannot_hold_a_spool_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file/spool cannot be used"):
        Spool.open(tmp_path / "file" / "spool")


async def test_two_stations_cannot_share_a_spool(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    with pytest.raises(ConfigError, match="another station"):
        Spool.open(tmp_path / "spool")
    await spool.close()
    await spool.close()
    await Spool.open(tmp_path / "spool").close()


FULL = """
import asyncio, resource, signal, sys
from pathlib import Path
from tests.fixtures.stills import a_still
from station.errors import SpoolFull
from station.transport import Spool

async def main():
    spool = Spool.open(Path(sys.argv[1]))
    await spool.put(a_still())
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
    try:
        await spool.put(a_still(width=400))
    except SpoolFull as error:
        print(error)
    print(sorted(path.name[0] for path in (spool.folder / "stills").iterdir()))
    await spool.put(a_still(seed=2))
    print(len(spool.pending()))

asyncio.run(main())
"""


def test_a_disk_that_fills_in_the_middle_leaves_nothing_half(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 0, run.stderr
    full, left, count = run.stdout.splitlines()
    assert str(tmp_path) in full
    assert "36000 bytes" in full
    assert (left, count) == ("['0']", "2")


KILLED = """
import asyncio, sys
from pathlib import Path
from station.transport import Spool
from tests.fixtures.stills import a_still

async def main():
    spool = Spool.open(Path(sys.argv[1]))
    for seed in range(100_000):
        offer = await spool.put(a_still(seed=seed, width=4000))
        print(offer.sop_instance_uid, flush=True)
        if seed % 3 == 2:
            await spool.forget(spool.pending()[0].sop_instance_uid)

asyncio.run(main())
"""


def put_until_killed(folder: Path, after_s: float) -> list[str]:
    """UIDs that the station said it had taken before it was killed."""
    command = [sys.executable, "-c", KILLED, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(after_s)
        process.kill()
        lines = [first, *process.stdout.readlines()]
    return [line.strip() for line in lines if line.endswith("\n")]


@pytest.mark.parametrize("after_s", [0.03, 0.074, 0.117, 0.161])
def test_nothing_that_was_taken_is_lost_when_the_station_is_killed(tmp_path: Path, after_s: float) -> None:
    taken = put_until_killed(tmp_path, after_s)

    async def check() -> None:
        spool = Spool.open(tmp_path)
        pending = [offer.sop_instance_uid for offer in spool.pending()]
        assert set(taken[len(taken) // 3 :]) <= set(pending)
        assert spool.damaged == ()
        assert not [path for path in (tmp_path / "stills").iterdir() if path.name.startswith(".")]
        assert all([await spool.is_whole(uid) for uid in pending])
        await spool.close()

    asyncio.run(check())


async def test_a_still_that_was_taken_again_does_not_stand_whether_it_was_stored_or_waits(
    tmp_path: Path,
) -> None:
    spool = Spool.open(tmp_path / "spool")
    visit = a_visit()
    study = visit.study_instance_uid
    await spool.open_visit(visit)
    first = a_still(study)
    second = replace(a_still(study, seed=1), replaces=first.sop_instance_uid)
    third = replace(a_still(study, seed=2), replaces=second.sop_instance_uid)
    for still in (first, second, third):
        await spool.put(still)
    for stored in (first, second, third):
        assert spool.standing(study) == (third.sop_instance_uid,)
        await spool.forget(stored.sop_instance_uid)
        spool = await reopened(spool)
    assert spool.standing(study) == (third.sop_instance_uid,)
    assert set(spool.taken(study)) == {still.sop_instance_uid for still in (first, second, third)}
    await spool.close()


async def test_a_note_that_was_cut_off_is_no_note(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool")
    visit = a_visit()
    study = visit.study_instance_uid
    await spool.open_visit(visit)
    stored, waiting = a_still(study), a_still(study, seed=1)
    for still in (stored, waiting):
        await spool.put(still)
    await spool.forget(stored.sop_instance_uid)
    folder = spool.visits()[0].folder
    (folder / f".new-0001-{waiting.sop_instance_uid}.stored").write_bytes(b"")
    (folder / ".new-closed").write_bytes(b"half")
    spool = await reopened(spool)
    assert spool.taken(study) == (stored.sop_instance_uid, waiting.sop_instance_uid)
    assert spool.visits()[0].closed is None
    closed = VisitClosed(study_instance_uid=study, closed_at=2.0, stills=spool.taken(study), complete=True)
    await spool.close_visit(closed)
    await spool.forget(waiting.sop_instance_uid)
    spool = await reopened(spool)
    assert spool.visits()[0].closed == closed
    assert set(spool.taken(study)) == set(closed.stills)
    await spool.close()


@pytest.mark.parametrize("told", ["", "many", "9" * 20])
async def test_a_spoilt_forecast_is_none(tmp_path: Path, told: str) -> None:
    tmp_path.joinpath("still-bytes").write_text(told)
    spool = Spool.open(tmp_path)
    assert spool.still_bytes == 0
    await spool.close()
