"""What a signature makes, as dcmtk and dicom3tools read it."""

from pathlib import Path

import pytest

from server.store import Archive, Store
from tests.fixtures.corrected_visits import STEPS, shoot
from tests.fixtures.dicom_validators import assert_valid, dump_report
from tests.fixtures.signed_visits import signed

pytestmark = pytest.mark.interop


async def test_verified_copies_and_document_are_valid_and_agree_with_the_visit(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    store = Store.open(f"sqlite:///{tmp_path}/d.db", steps=STEPS)
    try:
        visit = await shoot(store, archive)
        made = await signed(store, archive, visit.study)
        instances = await store.instances(visit.study)
    finally:
        await store.close()
    paths = {one.sop_instance_uid: archive.resolve(one.path) for one in instances}
    assert len(paths) == 3 * len(visit.stills) + len(visit.stills) + 1
    assert_valid(paths.values())
    dumped = dump_report(paths[made.covers[0].signed_uid])
    assert "Verification Flag   : VERIFIED" in dumped
    assert "Kim^Minji^^Dr=金^旻志=김^민지, 피부과 Clinic" in dumped
