"""Whose photograph a DICOM file from elsewhere is, and of which study."""

import re
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from server.dicom.attributes import zone_of
from station.protocol import Patient, is_uid

_NOT_TEXT = re.compile(r"[\\\x00-\x1f\x7f]")
"""What no single value of text holds (PS3.5 section 6.2)."""


@dataclass(frozen=True, kw_only=True)
class StudyWords:
    """What people call a study (PS3.3 section C.7.2.1)."""

    study_id: str = ""
    study_description: str = "Skin photography"
    accession_number: str = ""
    referring_physician_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Patient and study of a photograph; text that DICOM would not allow is left empty."""

    patient: Patient
    study_instance_uid: str
    study_at: datetime | None
    """Aware; in the local time zone where the file names none, None where it has no date."""
    words: StudyWords


def read_origin(photo: Dataset) -> Origin | None:
    """What the file says; None without a valid Study Instance UID."""
    study = str(photo.get("StudyInstanceUID", ""))
    if not is_uid(study):
        return None
    return Origin(
        patient=_patient(photo),
        study_instance_uid=study,
        study_at=_study_at(photo),
        words=StudyWords(
            study_id=_text(photo, "StudyID", 16),
            study_description=_text(photo, "StudyDescription", 64),
            accession_number=_text(photo, "AccessionNumber", 16),
            referring_physician_name=_text(photo, "ReferringPhysicianName", 324),
        ),
    )


def _patient(photo: Dataset) -> Patient:
    birth_date, sex = _text(photo, "PatientBirthDate", 8), _text(photo, "PatientSex", 1)
    return Patient(
        patient_id=_text(photo, "PatientID", 64),
        issuer_of_patient_id=_text(photo, "IssuerOfPatientID", 64),
        patient_name=_text(photo, "PatientName", 324),
        patient_birth_date=birth_date if len(birth_date) == 8 and birth_date.isdecimal() else "",
        patient_sex=sex if sex in {"M", "F", "O"} else "",
    )


def _text(photo: Dataset, keyword: str, limit: int) -> str:
    value = photo.get(keyword) or ""
    text = "" if isinstance(value, MultiValue) else str(value).strip()
    return text if len(text) <= limit and not _NOT_TEXT.search(text) else ""


def _study_at(photo: Dataset) -> datetime | None:
    time, _, fraction = _text(photo, "StudyTime", 16).partition(".")
    digits = _text(photo, "StudyDate", 8) + time.ljust(6, "0") + fraction.ljust(6, "0")
    try:
        at = datetime.strptime(digits, "%Y%m%d%H%M%S%f")  # noqa: DTZ007  the zone comes next
        return at.replace(tzinfo=zone_of(photo)) if "TimezoneOffsetFromUTC" in photo else at.astimezone()
    except (ValueError, OverflowError):
        return None
