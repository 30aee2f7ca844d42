"""An object said again of another patient, visit or order, under UIDs of its own; its pixels stay byte for byte.

An object is never changed under its UID: what was said wrongly is said again by a copy. The copy names the values that it
replaces (Original Attributes, PS3.3 section C.12.1.1.9) unless they are another person's.
"""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.multival import MultiValue

from server.config.destinations import ObjectKind
from server.dicom.attributes import PATIENT_AND_STUDY, add_patient_and_study, date, offset, time, zone_of
from server.dicom.evidence import evidence
from server.dicom.kinds import object_kind
from server.dicom.order import ORDER_OF_IMAGE, add_order, add_request
from server.dicom.origin import StudyWords
from server.dicom.photo_modules import study_id
from station.protocol import Order, Patient

_TIMES = ("StudyDate", "StudyTime")
_BULK = frozenset({"PixelData", "ICCProfile"})
_NAMED = (
    "SOPInstanceUID",
    "SeriesInstanceUID",
    *(keyword for keyword in PATIENT_AND_STUDY if not keyword.endswith("Sequence") and keyword not in _TIMES),
)
"""Attributes whose earlier values the copy names."""


@dataclass(frozen=True, kw_only=True)
class Restatement:
    """What is said now."""

    patient: Patient
    order: Order | None
    keep_order: bool = False
    """Leave what the object says of its order as it is, and `order` aside."""
    uids: Mapping[str, str]
    """New UID by old one: of the study, its series, every object that is copied, and what is tracked."""
    at: datetime
    """When this was decided; aware."""
    system: str = "dermabooth"
    same_person: bool = True
    """Whether the earlier values were this person's as well."""


def restated_photo(photo: Dataset, said: Restatement) -> Dataset:
    """The copy of a photograph; the same arguments give the same bytes."""
    made = _copied(photo, said)
    if not said.keep_order:
        _remove(
            made, (keyword for keyword in PATIENT_AND_STUDY if keyword not in (*_TIMES, "StudyInstanceUID"))
        )
        _remove(made, ORDER_OF_IMAGE)
    _add_patient(made, said.patient)
    made.StudyID = study_id(made.StudyInstanceUID)
    if not said.keep_order:
        _add_order(made, said.order)
    _keep_resolved(made, said)
    _name_earlier(made, photo, said)
    return made


def restated(source: Dataset, photo: Dataset, said: Restatement) -> Dataset:
    """The copy of an object that was made of photographs; `photo` is the copy of one of them."""
    made = _copied(source, said)
    _remove(made, (*PATIENT_AND_STUDY, *ORDER_OF_IMAGE, "ReferencedRequestSequence"))
    add_patient_and_study(made, photo)
    if "Rows" in source:
        for keyword in ORDER_OF_IMAGE:
            if keyword in photo:
                setattr(made, keyword, photo[keyword].value)
    if "ContentSequence" in source:
        add_request(made, photo)
    if object_kind(source) is ObjectKind.REPORT:
        earlier = made.get("PredecessorDocumentsSequence", ())
        made.PredecessorDocumentsSequence = [*earlier, *evidence([source])]
    _name_earlier(made, source, said)
    return made


def _copied(source: Dataset, said: Restatement) -> Dataset:
    """The same elements under the new UIDs, in all depth; what is large is not copied."""
    made = Dataset()
    for element in source:
        made.add(element if element.keyword in _BULK else copy.deepcopy(element))
    _rename(made, said.uids)
    made.file_meta = FileMetaDataset(copy.deepcopy(source.file_meta))
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    at = said.at.astimezone(zone_of(source))
    made.InstanceCreationDate, made.InstanceCreationTime = date(at), time(at)
    return made


def _rename(dataset: Dataset, uids: Mapping[str, str]) -> None:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                _rename(item, uids)
        elif element.VR == "UI" and element.value:
            value = element.value
            several = isinstance(value, MultiValue)
            element.value = [uids.get(one, one) for one in value] if several else uids.get(value, value)


def _remove(dataset: Dataset, keywords: Iterable[str]) -> None:
    for keyword in keywords:
        if keyword in dataset:
            delattr(dataset, keyword)


def _add_patient(photo: Dataset, patient: Patient) -> None:
    photo.PatientName, photo.PatientID = patient.patient_name, patient.patient_id
    photo.PatientBirthDate, photo.PatientSex = patient.patient_birth_date, patient.patient_sex
    _remove(photo, ("IssuerOfPatientID",))
    if patient.issuer_of_patient_id:
        photo.IssuerOfPatientID = patient.issuer_of_patient_id


def _add_order(photo: Dataset, order: Order | None) -> None:
    words = StudyWords()
    photo.StudyDescription = words.study_description
    photo.AccessionNumber, photo.ReferringPhysicianName = (
        words.accession_number,
        words.referring_physician_name,
    )
    if order is not None:
        add_order(photo, order)


def _keep_resolved(photo: Dataset, said: Restatement) -> None:
    """Refer to no picture of which there is no copy."""
    there = set(said.uids.values())
    kept = [one for one in photo.get("ReferencedImageSequence", ()) if one.ReferencedSOPInstanceUID in there]
    if kept:
        photo.ReferencedImageSequence = kept
    else:
        _remove(photo, ("ReferencedImageSequence",))


def _name_earlier(made: Dataset, source: Dataset, said: Restatement) -> None:
    if not said.same_person:
        _remove(made, ("OriginalAttributesSequence",))
        return
    at, item, before = said.at.astimezone(zone_of(source)), Dataset(), Dataset()
    for keyword in _NAMED:
        if keyword in source and source[keyword].value != made.get(keyword):
            before[keyword] = copy.deepcopy(source[keyword])
    item.ModifiedAttributesSequence = [before]
    item.AttributeModificationDateTime = date(at) + time(at) + offset(at)
    item.ModifyingSystem, item.SourceOfPreviousValues = said.system, ""
    item.ReasonForTheAttributeModification = "CORRECT"
    made.OriginalAttributesSequence = [*made.get("OriginalAttributesSequence", ()), item]
