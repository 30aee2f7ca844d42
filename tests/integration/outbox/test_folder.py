"""A folder as destination: whole files under their UIDs, proved by their hash."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from server.config.destinations import FolderSection
from server.errors import DestinationUnavailable
from server.outbox import Fate, Outbox, Outcome, Parcel
from server.outbox.destinations.folder import FolderDestination
from station.protocol import new_uid
from tests.fixtures.outbox_stores import open_with_routes, put_visit, wait_until_committed

pytestmark = pytest.mark.integration


def parcel_of(path: Path, data: bytes = b"DICM") -> Parcel:
    path.write_bytes(data)
    return Parcel(new_uid(), "1.2.3", new_uid(), path, hashlib.sha256(data).hexdigest())


def folder(path: Path, **more: object) -> FolderDestination:
    return FolderDestination(FolderSection(type="folder", name="disk", path=path, **more))  # type: ignore[arg-type]


async def sent(destination: FolderDestination, parcels: Sequence[Parcel]) -> list[Outcome]:
    return [outcome async for outcome in destination.send(parcels)]


async def test_a_visit_lies_there_byte_for_byte(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    store, archive = open_with_routes(tmp_path, "disk")
    put = await put_visit(store, archive, stills=2)
    outbox = Outbox([folder(target)], store, archive, worker="w")
    task = asyncio.create_task(outbox.run())
    found = await wait_until_committed(store, 6)
    task.cancel()
    await asyncio.wait({task})
    written = {path.stem: path.read_bytes() for path in (target / put.study).iterdir()}
    assert set(written) == set(put.uids)
    for one in found:
        assert written[one.instance.sop_instance_uid] == archive.resolve(one.instance.path).read_bytes()
    await store.close()


async def test_what_is_there_is_not_written_again_and_what_broke_off_is_tidied(tmp_path: Path) -> None:
    parcel, destination = parcel_of(tmp_path / "one.dcm"), folder(tmp_path)
    target = tmp_path / parcel.study_instance_uid / f"{parcel.sop_instance_uid}.dcm"
    target.parent.mkdir()
    (target.parent / f".{target.name}.dead").write_bytes(b"DI")
    for _ in range(2):
        assert [one.fate for one in await sent(destination, [parcel])] == [Fate.STORED]
    assert os.listdir(target.parent) == [target.name]
    inode = target.stat().st_ino
    await sent(destination, [parcel])
    assert target.stat().st_ino == inode
    await destination.close()


async def test_a_file_that_is_gone_or_changed_is_sent_anew(tmp_path: Path) -> None:
    parcel, destination = parcel_of(tmp_path / "one.dcm"), folder(tmp_path)
    assert [one.fate for one in await destination.confirm([parcel])] == [Fate.AGAIN]
    await sent(destination, [parcel])
    assert [one.fate for one in await destination.confirm([parcel])] == [Fate.COMMITTED]
    target = tmp_path / parcel.study_instance_uid / f"{parcel.sop_instance_uid}.dcm"
    target.write_bytes(b"x")
    assert [one.fate for one in await destination.confirm([parcel])] == [Fate.AGAIN]
    await sent(destination, [parcel])
    assert target.read_bytes() == b"DICM"
    await destination.close()


async def test_a_folder_that_is_not_mounted_is_waited_for_and_never_made(tmp_path: Path) -> None:
    parcel, destination = parcel_of(tmp_path / "one.dcm"), folder(tmp_path / "share")
    for ask in (sent(destination, [parcel]), destination.confirm([parcel])):
        with pytest.raises(DestinationUnavailable, match="mount"):
            await ask
    assert not (tmp_path / "share").exists()
    await destination.close()


async def test_a_folder_that_hangs_is_given_up_in_time(tmp_path: Path) -> None:
    parcel, destination = parcel_of(tmp_path / "one.dcm"), folder(tmp_path, timeout_s=0.2)
    pipe = tmp_path / parcel.study_instance_uid / f"{parcel.sop_instance_uid}.dcm"
    pipe.parent.mkdir()
    os.mkfifo(pipe)
    with pytest.raises(DestinationUnavailable, match=r"0\.2 s"):
        await sent(destination, [parcel])
    await destination.close()
    # Its thread waits at the pipe, or is still on its way there.
    writer = os.open(pipe, os.O_RDWR)
    pipe.unlink()
    os.close(writer)


@pytest.mark.parametrize("uid", ["../../etc/passwd", "1.2/3", "", ".."])
async def test_no_name_leads_out_of_the_folder(tmp_path: Path, uid: str) -> None:
    parcel, destination = parcel_of(tmp_path / "one.dcm"), folder(tmp_path)
    for bad in (replace(parcel, sop_instance_uid=uid), replace(parcel, study_instance_uid=uid)):
        with pytest.raises(ValueError, match="UID"):
            await sent(destination, [bad])
    await destination.close()
