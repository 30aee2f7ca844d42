"""Corrected visits as others see them: valid, whole in their references, pixels untouched; and what Orthanc holds in the end."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pydicom
import pytest
import pytest_asyncio
from highdicom.seg import segread
from highdicom.sr import srread
from msgspec.structs import replace
from pydicom.dataset import Dataset

from server.config.destinations import StowSection
from server.dicom import read_header
from server.outbox import Outbox
from server.outbox.destinations.stow import StowDestination
from server.store import (
    Archive,
    Cause,
    Correction,
    CorrectionKind,
    CorrectionState,
    Instance,
    Route,
    Store,
    Unwanted,
)
from station.protocol import Order, Patient, View, derived_uid
from tests.fixtures.corrected_visits import OTHER, STEPS, TRACKING, Shot, corrected, shoot, shown, wanted
from tests.fixtures.dicom_objects import PATIENT
from tests.fixtures.dicom_validators import assert_valid, dump_report
from tests.fixtures.orders import ORDER
from tests.fixtures.orthanc import Orthanc
from tests.fixtures.outbox_stores import EVERY_KIND, wait_until_committed

pytestmark = pytest.mark.interop

PACS = "pacs"
RIGHT = replace(
    PATIENT, patient_name="Yamada^Hanako=山田^花子", patient_sex="F", patient_birth_date="19800228"
)
CASES = [
    pytest.param(CorrectionKind.PATIENT, RIGHT, None, ORDER, id="details"),
    pytest.param(CorrectionKind.MERGE, OTHER, None, ORDER, id="merge"),
    pytest.param(CorrectionKind.MOVE, OTHER, None, ORDER, id="move"),
    pytest.param(CorrectionKind.ORDER, OTHER, ORDER, None, id="walk-in"),
]


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[tuple[Store, Archive]]:
    store = Store.open(f"sqlite:///{tmp_path}/store.db", steps=STEPS, routes=[Route(PACS, EVERY_KIND)])
    yield store, Archive(tmp_path / "archive")
    await store.close()


async def correct(store: Store, archive: Archive, asked: list[Correction]) -> Correction:
    [done] = await corrected(store, archive, asked)
    assert done.state is CorrectionState.DONE, done.error
    return done


def paths(archive: Archive, found: list[tuple[Instance, Dataset]]) -> list[Path]:
    return [archive.resolve(one.path) for one, _ in found]


def referred(dataset: Dataset) -> Iterator[str]:
    """Every UID of an object, series or study that an object names, but those of what it replaces."""
    for element in dataset:
        if element.VR == "SQ":
            if element.keyword not in ("OriginalAttributesSequence", "PredecessorDocumentsSequence"):
                for item in element.value:
                    yield from referred(item)
        elif element.keyword in ("ReferencedSOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID"):
            yield str(element.value)


@pytest.mark.parametrize(("kind", "patient", "order", "ordered"), CASES)
async def test_copies_are_valid_and_refer_to_each_other(
    opened: tuple[Store, Archive],
    kind: CorrectionKind,
    patient: Patient,
    order: Order | None,
    ordered: Order | None,
) -> None:
    store, archive = opened
    visit = await shoot(store, archive, order=ordered, again=True)
    old = {one.sop_instance_uid: archive.resolve(one.path) for one in visit.instances}
    done = await correct(
        store, archive, await store.corrections.ask(wanted(visit, kind, patient=patient, order=order))
    )
    found = await shown(store, archive, visit.study)
    assert_valid([archive.resolve(one.path) for one, _ in found])
    told = {order.study_instance_uid} if order else {ordered.study_instance_uid} if ordered else set()
    there = {uid for _, one in found for uid in (one.SOPInstanceUID, one.SeriesInstanceUID)}
    there |= {done.study_after, *(told - {None})}
    before = {*old, *(read_header(path).SeriesInstanceUID for path in old.values()), visit.study}
    assert not there & before
    for _, one in found:
        assert set(referred(one)) <= there
        _says(one, patient, order if order else ordered if kind is not CorrectionKind.MOVE else None)
        _names_earlier(one, kind)
    _pixels_are_those_before(found, old, done.study_after)
    _reads_back(archive, found, patient)


def _says(one: Dataset, patient: Patient, order: Order | None) -> None:
    assert (one.PatientID, one.PatientName, one.PatientBirthDate, one.PatientSex) == (
        patient.patient_id,
        patient.patient_name,
        patient.patient_birth_date,
        patient.patient_sex,
    )
    assert one.AccessionNumber == (order.accession_number if order else "")
    requests = one.get("RequestAttributesSequence") or one.get("ReferencedRequestSequence") or ()
    assert len(requests) == (1 if order else 0)


def _names_earlier(one: Dataset, kind: CorrectionKind) -> None:
    if kind is CorrectionKind.MOVE:
        assert PATIENT.patient_id not in one.to_json()
        assert "Tarou" not in one.to_json()
        return
    [item] = one.OriginalAttributesSequence
    assert item.ReasonForTheAttributeModification == "CORRECT"
    assert item.ModifiedAttributesSequence[0].PatientName == PATIENT.patient_name


def _pixels_are_those_before(found: list[tuple[Instance, Dataset]], old: dict[str, Path], study: str) -> None:
    new = {derived_uid(uid, study): pydicom.dcmread(path) for uid, path in old.items()}
    for _, one in found:
        source = new[one.SOPInstanceUID]
        assert one.file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID
        assert one.get("PixelData") == source.get("PixelData")
        assert one.get("ICCProfile") == source.get("ICCProfile")


def _reads_back(archive: Archive, found: list[tuple[Instance, Dataset]], patient: Patient) -> None:
    by_path = {path: one for path, (_, one) in zip(paths(archive, found), found, strict=True)}
    tracked = set[str]()
    photos = {one.SOPInstanceUID for one in by_path.values() if one.Modality == "XC"}
    for path, one in by_path.items():
        if one.Modality == "SEG":
            masks = segread(path)
            [source] = {uid for _, _, uid in masks.get_source_image_uids()}
            assert source in photos
            assert masks.get_pixels_by_source_instance([source]).any()
            tracked |= {segment.TrackingUID for segment in one.SegmentSequence}
            assert tracked == {
                TRACKING.uid(patient, one.StudyInstanceUID, View.FRONT, segment.TrackingID)
                for segment in one.SegmentSequence
            }
        elif one.Modality == "SR":
            dump_report(path)
            groups = srread(path).content.get_planar_roi_measurement_groups()  # type: ignore[attr-defined]
            assert {group.tracking_uid for group in groups} <= tracked
            assert one.PredecessorDocumentsSequence


async def test_the_key_object_is_valid_and_names_what_it_withdraws(opened: tuple[Store, Archive]) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    done = await correct(store, archive, await store.corrections.ask(wanted(visit)))
    rejected = await shoot(store, archive)
    asked = Unwanted(
        sop_instance_uid=rejected.stills[0],
        study_instance_uid=rejected.study,
        cause=Cause.PATIENT_SAFETY,
        reason="another person is in the picture",
        by="admin",
        at=done.requested_at,
    )
    second = await correct(store, archive, [await store.corrections.reject(asked)])
    for correction, shot, title in ((done, visit, "113038"), (second, rejected, "113037")):
        path = archive.corrected(shot.study, shot.stills[0], derived_uid(correction.id, "withdrawn"))
        document = pydicom.dcmread(path)
        old = [one for one in shot.instances if correction.still_uid in (None, one.still_uid)]
        assert document.ConceptNameCodeSequence[0].CodeValue == title
        assert named(document) == {one.sop_instance_uid for one in old}
        assert (document.StudyInstanceUID, document.PatientID) == (shot.study, PATIENT.patient_id)
        assert correction.reason in dump_report(path)
        assert_valid([path, *(archive.resolve(one.path) for one in old)])


def named(document: Dataset) -> set[str]:
    [study] = document.CurrentRequestedProcedureEvidenceSequence
    series = study.ReferencedSeriesSequence
    return {one.ReferencedSOPInstanceUID for item in series for one in item.ReferencedSOPSequence}


async def test_orthanc_holds_the_right_patients_study_and_is_told_of_the_wrong_one(
    opened: tuple[Store, Archive], orthanc: Orthanc, tmp_path: Path
) -> None:
    store, archive = opened
    visit = await shoot(store, archive)
    section = StowSection.model_validate({"type": "stow", "name": PACS, "url": orthanc.web})
    outbox = Outbox([StowDestination(section, tmp_path / "run")], store, archive, worker="test")
    carrying = asyncio.create_task(outbox.run())
    try:
        await wait_until_committed(store, 6)
        done = await correct(store, archive, await store.corrections.ask(wanted(visit)))
        await wait_until_committed(store, 13)
    finally:
        carrying.cancel()
        await asyncio.wait({carrying})
    _check(orthanc, visit, done, [one.sop_instance_uid for one in await store.instances(visit.study)])


def _check(orthanc: Orthanc, visit: Shot, done: Correction, copies: list[str]) -> None:
    held = {
        study["MainDicomTags"]["StudyInstanceUID"]: (study["PatientMainDicomTags"]["PatientID"], one)
        for one in orthanc.get("/studies")
        for study in [orthanc.get(f"/studies/{one}")]
    }
    assert {uid: patient for uid, (patient, _) in held.items()} == {
        visit.study: PATIENT.patient_id,
        done.study_after: OTHER.patient_id,
    }
    notice = derived_uid(done.id, "withdrawn")
    old = {one.sop_instance_uid for one in visit.instances}
    assert set(orthanc.instances()) == {*old, *copies, notice}
    tags = [
        orthanc.get(f"/instances/{one['ID']}/simplified-tags")
        for one in orthanc.get(f"/studies/{held[visit.study][1]}/instances")
    ]
    [document] = [one for one in tags if one["SOPInstanceUID"] == notice]
    assert document["ConceptNameCodeSequence"][0]["CodeValue"] == "113038"
    [evidence] = document["CurrentRequestedProcedureEvidenceSequence"]
    listed = {
        one["ReferencedSOPInstanceUID"]
        for series in evidence["ReferencedSeriesSequence"]
        for one in series["ReferencedSOPSequence"]
    }
    assert listed == old
