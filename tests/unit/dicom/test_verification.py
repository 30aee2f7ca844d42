"""The verified copy of a structured report."""

from datetime import UTC, datetime

import pytest

from server.dicom import Observer, encoded, verified
from station.protocol import Light, derived_uid
from tests.fixtures.dicom_visits import objects_of

pytestmark = pytest.mark.unit

OBSERVER = Observer(
    name="Kim^Minji=金^旻志", organization="Clinic", at=datetime(2026, 3, 30, 9, 15, 2, 500_000, tzinfo=UTC)
)
UIDS = {
    "series_instance_uid": derived_uid("signed", "series"),
    "sop_instance_uid": derived_uid("signed", "report"),
}


def test_it_says_who_verified_it_and_when_in_the_reports_own_time_zone() -> None:
    _, _, report = objects_of(Light.WHITE)
    copy = verified(report, OBSERVER, **UIDS, series_number=9100, instance_number=2)
    assert (copy.VerificationFlag, copy.CompletionFlag) == ("VERIFIED", "COMPLETE")
    [item] = copy.VerifyingObserverSequence
    assert str(item.VerifyingObserverName) == "Kim^Minji=金^旻志"
    assert item.VerifyingOrganization == "Clinic"
    assert item.VerificationDateTime == "20260330101502.500000+0100"
    assert len(item.VerifyingObserverIdentificationCodeSequence) == 0
    assert (copy.SeriesNumber, copy.InstanceNumber) == (9100, 2)
    assert copy.SeriesDescription == "Signed measures", "one series holds the copies of a visit"


def test_its_content_stays_and_it_names_what_it_was_made_of() -> None:
    _, _, report = objects_of(Light.WHITE)
    before = bytes(encoded(report))
    copy = verified(report, OBSERVER, **UIDS, series_number=9100, instance_number=1)
    assert copy.ContentSequence == report.ContentSequence
    assert (copy.ContentDate, copy.ContentTime) == (report.ContentDate, report.ContentTime)
    assert (copy.StudyInstanceUID, copy.PatientID) == (report.StudyInstanceUID, report.PatientID)
    assert copy.CurrentRequestedProcedureEvidenceSequence == report.CurrentRequestedProcedureEvidenceSequence
    [study] = copy.PredecessorDocumentsSequence
    [series] = study.ReferencedSeriesSequence
    [named] = series.ReferencedSOPSequence
    assert named.ReferencedSOPInstanceUID == report.SOPInstanceUID
    assert copy.SOPInstanceUID == copy.file_meta.MediaStorageSOPInstanceUID == UIDS["sop_instance_uid"]
    assert bytes(encoded(report)) == before, "the report itself is left as it is"


def test_the_same_arguments_give_the_same_bytes() -> None:
    _, _, report = objects_of(Light.WHITE)
    made = [verified(report, OBSERVER, **UIDS, series_number=1, instance_number=1) for _ in range(2)]
    assert bytes(encoded(made[0])) == bytes(encoded(made[1]))
