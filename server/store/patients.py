"""Patients as visits are found by them: a key for the same person, and words to search in."""

import unicodedata
from collections.abc import Iterator

from station.protocol import Patient

_MAX_WORDS = 8


def patient_key(patient: Patient) -> str:
    """The same for every visit of a person, empty for a patient without an ID: issuer and ID, parted as DICOM parts values."""
    return f"{patient.issuer_of_patient_id}\\{patient.patient_id}" if patient.patient_id else ""


def searchable(patient: Patient) -> str:
    """Name and ID as `search_words` finds them: without case and accents."""
    name = patient.patient_name.replace("^", " ").replace("=", " ")
    return folded(f"{name} {patient.patient_id}")


def search_words(text: str) -> Iterator[str]:
    """The first eight words that were searched for, folded as `searchable` is."""
    yield from folded(text.replace("^", " ")).split()[:_MAX_WORDS]


def folded(text: str) -> str:
    """The text without case and accents, its spaces single."""
    # Decomposed, a Hangul syllable that is still being typed is found in the whole one.
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in apart if not unicodedata.combining(letter)).split())
