"""The outbox killed with SIGKILL wherever it hurts: nothing is lost, nothing is there twice, in a folder and in Orthanc."""

import contextlib
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.orthanc import Orthanc
from tests.fixtures.outbox_process import FOLDER_POINTS, POINTS, OutboxProcess
from tests.fixtures.outbox_stores import open_with_routes, put_visit, wait_until_committed

pytestmark = pytest.mark.interop


async def die_and_live(data: Path, destination: dict[str, Any], point: str) -> set[str]:
    """Put a visit of six objects, let an outbox die at the point and another one finish; UIDs of what was put."""
    store, archive = open_with_routes(data, destination["name"])
    put = await put_visit(store, archive, stills=2, size=100_000)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        assert await OutboxProcess(data, [destination], die_at=point).dead() == -signal.SIGKILL
        second = OutboxProcess(data, [destination])
        stack.push_async_callback(second.kill)
        await wait_until_committed(store, 6)
    return set(put.uids)


@pytest.mark.parametrize("point", POINTS)
async def test_in_a_folder(tmp_path: Path, point: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    destination = {"type": "folder", "name": "disk", "path": str(target)}
    uids = await die_and_live(tmp_path / "data", destination, point)
    found = [path for path in target.rglob("*") if path.is_file()]
    assert Counter(path.name for path in found) == Counter(f"{uid}.dcm" for uid in uids)


@pytest.mark.parametrize("point", [one for one in POINTS if one not in FOLDER_POINTS])
async def test_in_orthanc_by_stow(tmp_path: Path, orthanc: Orthanc, point: str) -> None:
    uids = await die_and_live(tmp_path / "data", {"type": "stow", "name": "pacs", "url": orthanc.web}, point)
    assert orthanc.instances() == sorted(uids)
