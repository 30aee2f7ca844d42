"""Local copies go once every destination keeps them; everything else stays."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.outbox.keeper import Keeper
from server.store import DeliveryState, Noted
from tests.fixtures.outbox_stores import open_with_routes, put_visit

pytestmark = pytest.mark.integration


async def test_files_go_and_rows_and_renditions_stay(tmp_path: Path) -> None:
    store, archive = open_with_routes(tmp_path, "a")
    put = await put_visit(store, archive)
    (still,) = await store.stills(put.study)
    rendition = archive.rendition(put.study, still.sop_instance_uid)
    archive.write(rendition, b"jpeg")
    with ThreadPoolExecutor(1) as files:
        keeper = Keeper(store.deliveries, archive, files, days=0)
        assert await keeper.round() == 0
        claimed = await store.deliveries.claim("a", DeliveryState.WAITING, "w", lease_s=60)
        await store.deliveries.note("w", [Noted(one.id, DeliveryState.COMMITTED) for one in claimed])
        assert await Keeper(store.deliveries, archive, files, days=1).round() == 0
        await asyncio.sleep(0.01)
        assert await keeper.round() == 3
        assert await keeper.round() == 0
    kept = await store.instances(put.study)
    assert len(kept) == 3
    assert not any(archive.resolve(one.path).exists() for one in kept)
    assert rendition.read_bytes() == b"jpeg"
    await store.close()
