"""Whose data an object holds, and what stands for them in an export."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from pydicom.dataset import Dataset

from server.export.pseudonyms import Pseudonyms
from server.export.words import is_known, is_sentence, words_of
from server.store import Visit
from server.store.patients import patient_key

_SHORTEST = 2
_NAMING = (
    "PatientID",
    "IssuerOfPatientID",
    "AccessionNumber",
    "AdmissionID",
    "ReferringPhysicianName",
    "OperatorsName",
    "PerformingPhysicianName",
    "InstitutionName",
    "StationName",
    "PatientBirthDate",
)


@dataclass(frozen=True)
class Subject:
    """A person as the export names them."""

    key: str
    """The same for every visit of the person; of a patient without an ID the visit's own."""
    name: str
    shift: timedelta
    """What the person's times are moved by, where they are."""

    @classmethod
    def of(cls, visit: Visit, pseudonyms: Pseudonyms) -> "Subject":
        """The person of a visit."""
        key = patient_key(visit.patient) or visit.study_instance_uid
        return cls(key, pseudonyms.patient(key), pseudonyms.shift(key))


class Guard:
    """Judges free text of one object: no word of it may be its patient's, nor any that the objects do not use."""

    def __init__(self, texts: Iterable[str]) -> None:
        given = [text for text in texts if text]
        self._words = {word for text in given for word in words_of(text) if len(word) >= _SHORTEST}
        self._texts = {text.casefold().strip() for text in given if len(text.strip()) > _SHORTEST}

    @classmethod
    def of(cls, dataset: Dataset) -> "Guard":
        """What names people, places and records in an object's own attributes."""
        return cls(_naming(dataset))

    def allows(self, text: str) -> bool:
        """Whether a text of words may stay."""
        return is_sentence(text) or (is_known(text) and self.names_nobody(text))

    def names_nobody(self, text: str) -> bool:
        """Whether nothing of the object's identity is in a text."""
        folded = text.casefold()
        return not (self._words & set(words_of(text))) and not any(one in folded for one in self._texts)


def _naming(dataset: Dataset) -> Iterator[str]:
    for element in dataset:
        if element.VR == "PN" or element.keyword in _NAMING:
            values = element.value if element.VM > 1 else (element.value,)
            yield from (str(value) for value in values if value is not None)
