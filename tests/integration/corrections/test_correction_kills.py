"""A corrector that is killed at any point leaves nothing half done, and the next one does nothing twice."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from server.store import Archive, CorrectionState, DeliverySearch, DeliveryState, Noted, Route, Store
from tests.fixtures.corrected_visits import STEPS, Shot, corrected, correcting, shoot, wanted
from tests.fixtures.dicom_objects import PATIENT
from tests.fixtures.outbox_stores import EVERY_KIND

pytestmark = pytest.mark.integration

POINTS = ("copy 1", "copy 5", "notice", "before the commit", "after the commit")
_STEPS = {"copy 1": 1, "copy 5": 4, "notice": 2}
"""After how many files that were not there yet."""


def open_store(folder: Path) -> tuple[Store, Archive]:
    store = Store.open(f"sqlite:///{folder}/store.db", steps=STEPS, routes=[Route("pacs", EVERY_KIND)])
    return store, Archive(folder / "archive")


async def die_at(point: str, folder: Path) -> None:
    """Correct until the point is reached; runs in a process of its own."""
    from server.corrections import copies
    from server.store import Corrections

    write, finish, written = copies.write, Corrections.finish, [0]  # type: ignore[attr-defined]

    def counted(*arguments: object) -> str:
        told = write(*arguments)  # type: ignore[arg-type]
        written[0] += 1
        if written[0] == _STEPS.get(point):
            os.kill(os.getpid(), signal.SIGKILL)
        return told

    async def killed(*arguments: object, **more: object) -> bool:
        if point == "before the commit":
            os.kill(os.getpid(), signal.SIGKILL)
        await finish(*arguments, **more)  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGKILL)
        return True

    copies.write, Corrections.finish = counted, killed  # type: ignore[assignment,attr-defined,method-assign]
    store, archive = open_store(folder)
    async with correcting(store, archive):
        await asyncio.sleep(30)


async def test_a_killed_corrector_leaves_all_or_nothing(tmp_path: Path) -> None:
    store, archive = open_store(tmp_path)
    visit = await shoot(store, archive)
    for one in await store.deliveries.claim("pacs", DeliveryState.WAITING, "w", lease_s=60):
        await store.deliveries.note("w", [Noted(one.id, DeliveryState.COMMITTED)])
    [asked] = await store.corrections.ask(wanted(visit))
    seen = dict[Path, bytes]()
    for point in POINTS:
        call = [
            sys.executable,
            "-m",
            "tests.integration.corrections.test_correction_kills",
            point,
            str(tmp_path),
        ]
        ended = await asyncio.to_thread(subprocess.run, call, capture_output=True, timeout=60, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-2000:]
        files = {path: path.read_bytes() for path in (archive.root / visit.study).rglob("corrected/*.dcm")}
        assert seen.items() <= files.items()
        seen = files
        if point != POINTS[-1]:
            assert (await store.visit(visit.study)).patient == PATIENT
            assert {one.study_instance_uid for one in await store.instances(visit.study)} == {visit.study}
    await _check(store, archive, visit, seen)
    [done] = await corrected(store, archive, [asked])
    assert done.state is CorrectionState.DONE
    await _check(store, archive, visit, seen)
    await store.close()


async def _check(store: Store, archive: Archive, visit: Shot, files: dict[Path, bytes]) -> None:
    now = await store.instances(visit.study)
    assert {archive.resolve(one.path) for one in now} < set(files)
    assert (len(now), len(files)) == (6, 7)
    found = await store.deliveries.find(DeliverySearch(study_instance_uid=visit.study), limit=500)
    assert len(found) == 6 + 6 + 1
    assert sum(one.state is DeliveryState.WAITING for one in found) == 7


if __name__ == "__main__":
    asyncio.run(die_at(sys.argv[1], Path(sys.argv[2])))
