"""Tracking UIDs: the same from visit to visit, and nobody's name in them."""

from pathlib import Path

import pytest

from server.errors import ConfigError
from server.pipeline import Tracking
from station.protocol import Patient, View, is_uid, new_uid

pytestmark = pytest.mark.unit

PERSON = Patient(patient_id="P-1", issuer_of_patient_id="CLINIC", patient_name="Doe^Jane")
NOBODY = Patient(patient_name="Doe^Jane")
FIRST, SECOND = new_uid(), new_uid()


@pytest.fixture
def tracking(tmp_path: Path) -> Tracking:
    return Tracking.open(tmp_path)


def test_a_region_of_a_person_is_the_same_in_every_visit(tracking: Tracking, tmp_path: Path) -> None:
    uid = tracking.uid(PERSON, FIRST, View.FRONT, "left_cheek")
    assert is_uid(uid)
    assert tracking.uid(PERSON, SECOND, View.FRONT, "left_cheek") == uid
    assert Tracking.open(tmp_path).uid(PERSON, SECOND, View.FRONT, "left_cheek") == uid
    married = Patient(patient_id="P-1", issuer_of_patient_id="CLINIC", patient_name="Roe^Jane")
    assert tracking.uid(married, SECOND, View.FRONT, "left_cheek") == uid


def test_others_regions_views_and_issuers_are_told_apart(tracking: Tracking) -> None:
    other = Patient(patient_id="P-1", issuer_of_patient_id="ELSEWHERE")
    uids = {
        tracking.uid(patient, FIRST, view, what)
        for patient in (PERSON, other, Patient(patient_id="P-2", issuer_of_patient_id="CLINIC"))
        for view in (View.FRONT, View.LEFT_45)
        for what in ("face", "left_cheek", "pigment_spot/front/white/face")
    }
    assert len(uids) == 18


def test_without_an_id_a_region_is_the_same_within_the_visit_only(tracking: Tracking) -> None:
    uid = tracking.uid(NOBODY, FIRST, View.FRONT, "face")
    assert tracking.uid(NOBODY, FIRST, View.FRONT, "face") == uid
    assert tracking.uid(NOBODY, SECOND, View.FRONT, "face") != uid
    assert Tracking().uid(PERSON, FIRST, View.FRONT, "face") == uid


def test_whoever_guesses_an_id_cannot_tell_without_the_secret(tracking: Tracking, tmp_path: Path) -> None:
    elsewhere = Tracking.open(tmp_path / "other server")
    assert elsewhere.uid(PERSON, FIRST, View.FRONT, "face") != tracking.uid(PERSON, FIRST, View.FRONT, "face")


def test_the_secret_is_for_the_server_alone(tracking: Tracking, tmp_path: Path) -> None:
    path = tmp_path / "tracking.secret"
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        Tracking.open(tmp_path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(ConfigError, match="later visits are tracked anew"):
        Tracking.open(tmp_path)
