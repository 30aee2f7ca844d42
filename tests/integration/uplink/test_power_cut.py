"""What a booth is told to be stored would be there after a power cut."""

import os
from pathlib import Path

import pytest

from station.protocol import ServerMessage, StillStored
from station.transport import Spool
from tests.fixtures.stills import a_still, a_visit
from tests.fixtures.uplinks import Server, a_server, until

pytestmark = pytest.mark.integration


async def test_bytes_and_names_are_on_the_disk_before_the_booth_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_disk: dict[int, set[str]] = {}
    fsync = os.fsync

    def noting(descriptor: int) -> None:
        names = os.listdir(descriptor) if os.path.isdir(f"/proc/self/fd/{descriptor}") else ()
        fsync(descriptor)
        on_disk.setdefault(os.fstat(descriptor).st_ino, set()).update(names)

    monkeypatch.setattr(os, "fsync", noting)
    spool, lost = Spool.open(tmp_path / "spool"), list[Path]()
    told = 0
    async with a_server(tmp_path / "server") as server:

        def hear(message: ServerMessage) -> None:
            nonlocal told
            if isinstance(message, StillStored):
                told += 1
                lost.extend(_not_on(on_disk, server, message.sop_instance_uid))

        visit = a_visit()
        await spool.open_visit(visit)
        for number in range(2):
            await spool.put(a_still(visit.study_instance_uid, seed=number))
        async with server.uplink(spool, on_message=hear):
            await until(lambda: told == 2)
    await spool.close()
    assert lost == []


def _not_on(on_disk: dict[int, set[str]], server: Server, sop_instance_uid: str) -> list[Path]:
    """Paths of one still whose bytes, or whose name, were not given to the disk; the next may be half written."""
    [file] = (file for file in server.files() if file.parent.name == sop_instance_uid)
    lost = [file] if file.stat().st_ino not in on_disk else []
    path = file
    while path != server.archive.root:
        if path.name not in on_disk.get(path.parent.stat().st_ino, ()):
            lost.append(path)
        path = path.parent
    return lost
