"""Patient: only where a site wants demographics told."""

from server.fhir.coding import Json
from server.fhir.telling import Telling

_GENDERS = {"M": "male", "F": "female", "O": "other"}


def patient(telling: Telling) -> Json:
    """Number, name, birth date and sex, as far as they are known."""
    known = telling.record.visit.patient
    told: Json = {"resourceType": "Patient", "identifier": [telling.patient_identifier]}
    if known.patient_name:
        told["name"] = [_name(known.patient_name)]
    if known.patient_sex:
        told["gender"] = _GENDERS[known.patient_sex]
    if known.patient_birth_date:
        date = known.patient_birth_date
        told["birthDate"] = f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return told


def _name(person_name: str) -> Json:
    """A HumanName of the alphabetic group of a DICOM PN: family^given^middle^prefix^suffix."""
    parts = [part.strip() for part in person_name.split("=")[0].split("^")]
    family, given, middle, prefix, suffix = [*parts, "", "", "", "", ""][:5]
    told: Json = {"family": family} if family else {}
    names = [*given.split(), *middle.split()]
    for key, values in (("given", names), ("prefix", prefix.split()), ("suffix", suffix.split())):
        if values:
            told[key] = values
    return told or {"text": person_name}
