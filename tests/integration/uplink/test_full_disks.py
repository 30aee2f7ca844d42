"""Disks that really fill, at either end."""

import contextlib
import shutil
from pathlib import Path

import pytest

from server.store import Archive
from station.errors import SpoolFull
from station.protocol import ServerMessage
from station.transport import Spool
from tests.fixtures.small_disk import a_small_disk
from tests.fixtures.stills import a_still, a_visit
from tests.fixtures.uplinks import a_server, until

pytestmark = pytest.mark.integration


class Blind(Archive):
    """An archive that does not see its disk filling, as when another program fills it."""

    def free_bytes(self) -> int:
        return 1 << 40


def bytes_in(folder: Path) -> int:
    """Of its files; the server tries again meanwhile, so one may go before it is counted."""
    sizes = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            sizes.append(path.stat().st_size)
    return sum(sizes)


async def test_a_server_whose_disk_fills_in_a_transfer_keeps_nothing_half_and_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool.open(tmp_path / "spool")
    visit = a_visit()
    await spool.open_visit(visit)
    big = await spool.put(a_still(visit.study_instance_uid, width=2000, height=1500))
    heard: list[ServerMessage] = []
    async with (
        a_server(tmp_path / "server") as server,
        server.uplink(spool, on_message=heard.append) as uplink,
    ):
        with a_small_disk(tmp_path / "small", 4 << 20) as small:
            archive = Blind(small / "archive")
            monkeypatch.setattr(server.ingest._admission, "_archive", archive)
            await until(lambda: sum("disk is full" in str(message) for message in heard) >= 2)
            assert spool.pending() == (big,)
            assert uplink.state.connected
            assert uplink.state.parked == {}
            assert list(archive.root.rglob("still.bin")) == []
            assert bytes_in(small / "incoming") <= 4 << 20
            monkeypatch.setattr(server.ingest._admission, "_archive", server.archive)
        await until(lambda: uplink.state.stored == 1)
        assert len(server.files()) == 1
    await spool.close()


async def test_a_booth_whose_disk_fills_refuses_the_still_and_has_room_again_after_sending(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_small_disk(tmp_path / "small", 4 << 20) as small:
        spool = Spool.open(small / "spool")
        visit = a_visit()
        await spool.open_visit(visit)
        kept = await spool.put(a_still(visit.study_instance_uid, width=1000, height=1000))
        too_big = a_still(visit.study_instance_uid, seed=1, width=2000, height=1500)
        roomy = shutil.disk_usage("/")._replace(free=1 << 40)
        for sees_it_coming in (True, False):
            if not sees_it_coming:
                monkeypatch.setattr("station.transport.still_files.shutil.disk_usage", lambda _path: roomy)
            with pytest.raises(SpoolFull, match=f"{small}.*9000000 bytes needed"):
                await spool.put(too_big)
            assert len(list((spool.folder / "stills").iterdir())) == 1
        assert spool.pending() == (kept,)
        async with a_server(tmp_path / "server") as server, server.uplink(spool) as uplink:
            await until(lambda: uplink.state.stored == 1)
        await spool.put(a_still(visit.study_instance_uid, seed=2, width=1000, height=1000))
        await spool.close()
