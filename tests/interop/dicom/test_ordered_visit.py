"""The objects of a visit that was ordered: what the order said is in all of them, and the validators agree."""

from dataclasses import replace
from pathlib import Path

import pydicom
import pytest
from msgspec.structs import replace as with_fields
from pydicom.dataset import Dataset

from server.dicom import Making, PhotoDescription, build_photo, build_report, build_segmentation, write
from station.protocol import CodedConcept, Light, Order, derived_uid
from tests.fixtures.dicom_objects import (
    MADE_AT,
    SERVER,
    description,
    header,
    measures,
    overlapping_segments,
    picture,
    spot,
)
from tests.fixtures.dicom_validators import assert_valid, dump_report
from tests.fixtures.orders import ORDER

pytestmark = pytest.mark.interop


def visit_of(order: Order, folder: Path, study: str | None = None) -> list[Path]:
    """Two photos, and a segmentation and a report of the first, as files."""
    paths = []
    for light in (Light.WHITE, Light.CROSS_POLARISED):
        described = replace(
            description(header(light)),
            order=order,
            study_instance_uid=study or order.study_instance_uid or derived_uid("own"),
        )
        paths += [_written(one, folder) for one in _objects(described, derived=light is Light.WHITE)]
    return paths


def _objects(described: PhotoDescription, *, derived: bool) -> list[Dataset]:
    photo = build_photo(described, picture())
    if not derived:
        return [photo]
    series, number = derived_uid(photo.SeriesInstanceUID, "x"), 100
    segmentation = build_segmentation(
        photo,
        overlapping_segments(),
        making=Making(
            series_instance_uid=series,
            sop_instance_uid=derived_uid(photo.SOPInstanceUID, "seg"),
            series_number=number,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )
    report = build_report(
        photo,
        segmentation,
        measures(),
        (spot(),),
        making=Making(
            series_instance_uid=derived_uid(series, "sr"),
            sop_instance_uid=derived_uid(photo.SOPInstanceUID, "sr"),
            series_number=number + 1,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )
    return [photo, segmentation, report]


def _written(dataset: Dataset, folder: Path) -> Path:
    path = folder / f"{dataset.Modality}-{dataset.SeriesNumber}.dcm"
    write(dataset, path)
    return path


def test_every_object_says_what_it_was_ordered_as_and_is_valid(tmp_path: Path) -> None:
    paths = visit_of(ORDER, tmp_path)
    assert_valid(paths)
    for path in paths:
        found = pydicom.dcmread(path, stop_before_pixels=True)
        assert found.StudyInstanceUID == ORDER.study_instance_uid
        assert found.AccessionNumber == "ACC-0017"
        assert found.IssuerOfAccessionNumberSequence[0].UniversalEntityID == "1.2.840.99"
        assert str(found.ReferringPhysicianName) == "Müller^Anna^^Dr."
        assert found.StudyDescription == "Facial photography, acne follow-up"
        assert found.ProcedureCodeSequence[0].CodeValue == "FACE-3"
        assert (found.AdmissionID, found.IssuerOfAdmissionIDSequence[0].LocalNamespaceEntityID) == (
            "ADM-9",
            "WARD",
        )
        assert (found.ServiceEpisodeID, found.ReasonForVisit) == ("EP-3", "Check-up")
        assert found.IssuerOfPatientID == "CLINIC"


def test_the_request_is_in_the_series_of_images_and_in_the_report(tmp_path: Path) -> None:
    objects = [pydicom.dcmread(path) for path in visit_of(ORDER, tmp_path)]
    for image in (one for one in objects if one.Modality != "SR"):
        [request] = image.RequestAttributesSequence
        assert (request.RequestedProcedureID, request.ScheduledProcedureStepID) == ("RP-17", "SPS-17")
        assert request.ReasonForTheRequestedProcedure == "Acne under treatment"
        codes = request.ScheduledProtocolCodeSequence
        assert (codes[0].CodeValue, codes[0].CodingSchemeVersion) == ("P4L", "2")
        assert codes[1].LongCodeValue == "A-CODE-OF-MORE-THAN-SIXTEEN"
    [report] = [one for one in objects if one.Modality == "SR"]
    [answered] = report.ReferencedRequestSequence
    assert (answered.StudyInstanceUID, answered.RequestedProcedureID) == (ORDER.study_instance_uid, "RP-17")
    dump_report(tmp_path / f"SR-{report.SeriesNumber}.dcm")


@pytest.mark.parametrize(
    "order",
    [
        Order(admission_id="ADM-9"),
        Order(requested_procedure_id="RP-1"),
        Order(
            scheduled_step_id="S-1",
            requested_procedure_code=CodedConcept(value="1", scheme="99LOCAL", meaning="m"),
        ),
        with_fields(ORDER, study_instance_uid=None),
    ],
)
def test_an_order_that_leaves_much_open_gives_valid_objects(order: Order, tmp_path: Path) -> None:
    assert_valid(visit_of(order, tmp_path))


def test_a_second_study_for_the_same_order_names_the_study_that_was_ordered(tmp_path: Path) -> None:
    paths = visit_of(ORDER, tmp_path, study=derived_uid("second"))
    assert_valid(paths)
    photo = pydicom.dcmread(paths[0])
    assert photo.StudyInstanceUID == derived_uid("second")
    assert photo.RequestAttributesSequence[0].StudyInstanceUID == ORDER.study_instance_uid
