"""A corrector that is killed at any point leaves nothing half done, and the next one does nothing twice."""

import signal
from pathlib import Path

import pytest

from server.store import Archive, CorrectionState, DeliverySearch, DeliveryState, Noted, Store
from tests.fixtures.corrected_visits import Shot, corrected, shoot, wanted
from tests.fixtures.correction_process import POINTS, CorrectionProcess, open_store
from tests.fixtures.dicom_objects import PATIENT

pytestmark = pytest.mark.integration


async def test_a_killed_corrector_leaves_all_or_nothing(tmp_path: Path) -> None:
    store, archive = open_store(tmp_path)
    visit = await shoot(store, archive)
    for one in await store.deliveries.claim("pacs", DeliveryState.WAITING, "w", lease_s=60):
        await store.deliveries.note("w", [Noted(one.id, DeliveryState.COMMITTED)])
    [asked] = await store.corrections.ask(wanted(visit))
    seen = dict[Path, bytes]()
    for point in POINTS:
        assert await CorrectionProcess(tmp_path, point).dead() == -signal.SIGKILL
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
