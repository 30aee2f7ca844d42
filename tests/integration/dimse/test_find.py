"""C-FIND towards Orthanc: matches as they come, bounded in number and bytes, and nothing of a patient in the log."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from server.dimse import PLAIN, AnswerTooLarge, Association, Offer, Peer, StoredFile, verdict
from server.errors import PeerUnavailable
from tests.fixtures.dicom_objects import PATIENT
from tests.fixtures.orthanc import running
from tests.fixtures.parcels import photos

pytestmark = pytest.mark.integration

STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.2.1"
WORKLIST = "1.2.840.10008.5.1.4.31"


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    files = [StoredFile.read(one.path) for one in photos(tmp_path_factory.mktemp("files"))]
    with running({"DicomAlwaysAllowFind": True}) as orthanc:
        peer = Peer("127.0.0.1", orthanc.dicom_port, orthanc.aet, "DERMABOOTH")
        with Association(peer, [Offer(files[0].sop_class_uid, (files[0].transfer_syntax,))]) as association:
            for file in files:
                assert verdict(association.store(file)).ruling == "stored"
        yield peer


def query(**keys: str) -> Dataset:
    asked = Dataset()
    asked.QueryRetrieveLevel = "SERIES"
    for keyword, value in {
        "StudyInstanceUID": "",
        "SeriesInstanceUID": "",
        "PatientName": "",
        **keys,
    }.items():
        setattr(asked, keyword, value)
    return asked


def asking(pacs: Peer) -> Association:
    return Association(pacs, [Offer(STUDY_ROOT, PLAIN), Offer(WORKLIST, PLAIN)])


def test_all_matches_come(pacs: Peer) -> None:
    with asking(pacs) as association:
        matches = list(association.find(query(), STUDY_ROOT))
        assert len({match.SeriesInstanceUID for match in matches}) == 5
        assert {len(list(association.find(query(PatientID="nobody"), STUDY_ROOT)))} == {0}


@pytest.mark.parametrize("bounds", [{"most": 2}, {"most_bytes": 400}])
def test_more_than_asked_for(pacs: Peer, bounds: dict[str, int]) -> None:
    association = asking(pacs).open()
    matches = association.find(query(), STUDY_ROOT, **bounds)
    with pytest.raises(AnswerTooLarge, match="ask for fewer"):
        list(matches)
    association.release()


def test_what_came_before_the_bound_is_good(pacs: Peer) -> None:
    matches = asking(pacs).open().find(query(), STUDY_ROOT, most=2)
    assert [next(matches).QueryRetrieveLevel, next(matches).QueryRetrieveLevel] == ["SERIES", "SERIES"]
    with pytest.raises(AnswerTooLarge):
        next(matches)


def test_a_query_that_is_left_early_ends_the_association(pacs: Peer) -> None:
    association = asking(pacs).open()
    matches = association.find(query(), STUDY_ROOT)
    next(matches)
    matches.close()
    with pytest.raises(PeerUnavailable):
        list(association.find(query(), STUDY_ROOT))


def test_a_service_that_is_not_there(pacs: Peer) -> None:
    unknown = "1.2.840.10008.5.1.4.34.6.1"
    with (
        Association(pacs, [Offer(STUDY_ROOT, PLAIN), Offer(unknown, PLAIN)]) as association,
        pytest.raises(PeerUnavailable, match="does not accept"),
    ):
        list(association.find(query(), unknown))


def test_nothing_of_the_patient_is_logged(
    pacs: Peer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    (photo, *_) = photos(tmp_path)
    file = StoredFile.read(photo.path)
    with Association(
        pacs, [Offer(STUDY_ROOT, PLAIN), Offer(file.sop_class_uid, (file.transfer_syntax,))]
    ) as association:
        association.store(file)
        list(association.find(query(PatientName="Yamada*"), STUDY_ROOT))
    for secret in (PATIENT.patient_id, "Yamada", photo.sop_instance_uid, photo.study_instance_uid):
        assert secret not in caplog.text
