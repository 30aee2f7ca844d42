"""Visits signed, corrected afterwards, and rebuilt: what is in the archive, and what holds."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from server.access import Person
from server.dicom import read_header
from server.errors import BadImage, Conflict, NotFound
from server.fhir import Telling, Wording, read_record
from server.rebuild import ArchiveReader, rebuild
from server.store import Archive, Cause, Instance, Route, Signature, Store, Unwanted
from tests.fixtures.corrected_visits import OTHER, STEPS, corrected, shoot, wanted
from tests.fixtures.dicom_objects import PATIENT
from tests.fixtures.signed_visits import ACCOUNT, SIGNER, desk_of, signed
from tests.integration.rebuild.test_rebuild import TABLES, rows

pytestmark = pytest.mark.integration

ROUTES = [Route("pacs", frozenset({"photo", "report", "document", "segmentation"}))]


@pytest_asyncio.fixture
async def there(tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    archive = Archive(tmp_path / "archive")
    store = Store.open(f"sqlite:///{tmp_path}/d.db", steps=STEPS, routes=ROUTES, archive=archive)
    yield store, archive
    await store.close()


async def by_uid(store: Store, study: str) -> dict[str, Instance]:
    return {one.sop_instance_uid: one for one in await store.instances(study)}


async def test_every_report_has_a_verified_copy_and_the_visit_a_document(
    there: tuple[Store, Archive],
) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    assert Telling(await read_record(store, visit.study), Wording()).status == "preliminary"
    before = time.time()
    made = await signed(store, archive, visit.study)
    assert before <= made.signed_at <= time.time()
    assert (made.name, made.organization, made.account) == (SIGNER.name, SIGNER.organization, ACCOUNT)
    assert Telling(await read_record(store, visit.study), Wording()).status == "final"
    instances = await by_uid(store, visit.study)
    for covered in made.covers:
        copy = read_header(archive.resolve(instances[covered.signed_uid].path))
        original = read_header(archive.resolve(instances[covered.report_uid].path))
        assert (original.VerificationFlag, copy.VerificationFlag) == ("UNVERIFIED", "VERIFIED")
        assert copy.ContentSequence == original.ContentSequence
        assert instances[covered.signed_uid].still_uid == covered.still_uid
    document = read_header(archive.resolve(instances[made.document_uid].path))
    assert document.VerificationFlag == "VERIFIED"
    assert {one.ReferencedSOPInstanceUID for one in document.SourceInstanceSequence} == {
        one.signed_uid for one in made.covers
    }
    pdf = await desk_of(store, archive).document(visit.study, made.id)
    assert pdf.startswith(b"%PDF-")
    assert document.EncapsulatedDocument[: document.EncapsulatedDocumentLength] == pdf
    await _answered_clearly_when_signed_twice(store, archive, visit.study, made)


async def _answered_clearly_when_signed_twice(
    store: Store, archive: Archive, study: str, made: Signature
) -> None:
    assert await signed(store, archive, study) == made
    assert len((await store.signatures.state(study)).signatures) == 1
    with pytest.raises(Conflict, match="signed already, by kim"):
        await signed(store, archive, study, person=Person("Lee^Ann", "Clinic"), account="lee")
    with pytest.raises(Conflict, match="signed already"):
        await desk_of(store, archive).sign(study, "0" * 64, SIGNER, "lee")


async def test_two_who_sign_at_once_leave_one_signature(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    both = [signed(store, archive, visit.study, account=account) for account in ("kim", "lee")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in results) == ["Conflict", "Signature"]
    assert len((await store.signatures.state(visit.study)).signatures) == 1


async def test_a_correction_withdraws_what_was_signed(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    made = await signed(store, archive, visit.study)
    await corrected(store, archive, await store.corrections.ask(wanted(visit)))
    state = await store.signatures.state(visit.study)
    assert state.current is None
    instances = await by_uid(store, visit.study)
    assert not {made.document_uid, *(one.signed_uid for one in made.covers)} & set(instances)
    flags = [
        read_header(archive.resolve(one.path)).VerificationFlag
        for one in instances.values()
        if one.modality == "SR"
    ]
    assert flags == ["UNVERIFIED"] * len(visit.stills), "nothing that was signed is said anew"
    with pytest.raises(NotFound, match="withdrawn"):
        await desk_of(store, archive).document(visit.study, made.id)
    again = await signed(store, archive, visit.study)
    instances = await by_uid(store, visit.study)
    copy = read_header(archive.resolve(instances[again.covers[0].signed_uid].path))
    assert copy.PatientID == OTHER.patient_id


async def test_a_rejected_picture_takes_the_document_along_that_shows_it(
    there: tuple[Store, Archive],
) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    made = await signed(store, archive, visit.study)
    asked = await store.corrections.reject(
        Unwanted(
            sop_instance_uid=visit.stills[1],
            study_instance_uid=visit.study,
            cause=Cause.MOTION_BLUR,
            reason="she blinked",
            by="admin",
            at=time.time(),
        )
    )
    await corrected(store, archive, [asked])
    instances = await by_uid(store, visit.study)
    assert made.document_uid not in instances
    assert made.covers[1].signed_uid not in instances
    assert made.covers[0].signed_uid in instances
    assert not await store.signatures.holds(visit.study)
    again = await signed(store, archive, visit.study)
    assert [one.still_uid for one in again.covers] == [visit.stills[0]]


async def test_a_missing_file_is_named_and_nothing_is_signed(there: tuple[Store, Archive]) -> None:
    store, archive = there
    visit = await shoot(store, archive)
    archive.report(visit.study, visit.stills[0]).unlink()
    with pytest.raises(BadImage, match="is missing: restore it from a backup"):
        await signed(store, archive, visit.study)
    assert (await store.signatures.state(visit.study)).signatures == ()


async def test_the_rebuilt_database_knows_what_was_signed(
    there: tuple[Store, Archive], tmp_path: Path
) -> None:
    store, archive = there
    visit = await shoot(store, archive, patient=PATIENT)
    made = await signed(store, archive, visit.study)
    await corrected(store, archive, await store.corrections.ask(wanted(visit)))
    made = await signed(store, archive, visit.study)
    reader = ArchiveReader(archive.root)
    done = rebuild(f"sqlite:///{tmp_path}/after.db", reader, steps=STEPS, routes=ROUTES)
    assert reader.problems == []
    assert done.instances > len(await store.instances(visit.study)), "what was withdrawn is known as well"
    before, after = (f"sqlite:///{tmp_path}/{name}.db" for name in ("d", "after"))
    for table in (*TABLES, "signature"):
        assert rows(before, table) == rows(after, table) != [], table
    again = Store.open(after)
    try:
        assert (await again.signatures.state(visit.study)).current == made
    finally:
        await again.close()
