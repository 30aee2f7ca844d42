"""What counts as taken."""

import time
from pathlib import Path

import msgspec
import pytest

from server.durable import sync_folder
from server.ingest.admission import Admission
from server.ingest.disk import DiskThreads
from server.store import Archive, Store
from station.protocol import MalformedMessage, new_uid
from tests.fixtures.stills import a_visit
from tests.integration.uplink.test_refusals import DATA, an_offer

pytestmark = pytest.mark.unit


async def test_a_file_that_a_killed_process_left_is_made_durable_before_it_is_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []

    def note(folder: Path) -> None:
        synced.append(folder)
        sync_folder(folder)

    monkeypatch.setattr("server.ingest.admission.sync_folder", note)
    store, archive, disk = (
        Store.open(f"sqlite:///{tmp_path}/a.db"),
        Archive(tmp_path / "archive"),
        DiskThreads(),
    )
    try:
        visit = a_visit()
        await store.open_visit("booth-1", visit)
        offer = an_offer(visit.study_instance_uid)
        blob = archive.blob(offer.study_instance_uid, offer.sop_instance_uid)
        blob.write_bytes(DATA)
        admission = Admission(store, archive, disk, reserve_bytes=0)
        admitted = await admission.admit("booth-1", offer)
        assert admitted is not None
        assert admitted.file is None
        assert await admission.keep(admitted)
        assert synced == [blob.parent, blob.parent.parent, archive.root]
        assert (await store.still(offer.sop_instance_uid)).received_at <= time.time()
    finally:
        disk.close()
        await store.close()


async def test_a_still_taken_again_for_itself_is_malformed(tmp_path: Path) -> None:
    store, disk = Store.open(f"sqlite:///{tmp_path}/a.db"), DiskThreads()
    try:
        admission = Admission(store, Archive(tmp_path / "archive"), disk, reserve_bytes=0)
        offer = an_offer(new_uid())
        with pytest.raises(MalformedMessage, match="taken again for itself"):
            await admission.admit("booth-1", msgspec.structs.replace(offer, replaces=offer.sop_instance_uid))
    finally:
        disk.close()
        await store.close()
