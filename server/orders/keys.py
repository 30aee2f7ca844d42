"""Query identifiers of the Modality Worklist (PS3.4 table K.6-1): every return key is asked for, empty."""

from collections.abc import Iterator
from datetime import date

from pydicom.dataset import Dataset

from server.config.orders import MwlSection

RETURNED = (
    "SpecificCharacterSet",
    "TimezoneOffsetFromUTC",
    "AccessionNumber",
    "ReferringPhysicianName",
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "RequestedProcedureDescription",
    "RequestedProcedureID",
    "RequestedProcedurePriority",
    "ReasonForTheRequestedProcedure",
    "AdmissionID",
    "ServiceEpisodeID",
    "ReasonForVisit",
)
"""Keys of the item itself."""
RETURNED_OF_STEP = (
    "Modality",
    "ScheduledStationAETitle",
    "ScheduledStationName",
    "ScheduledProcedureStepStartDate",
    "ScheduledProcedureStepStartTime",
    "ScheduledProcedureStepDescription",
    "ScheduledProcedureStepID",
    "ScheduledProcedureStepLocation",
    "ScheduledPerformingPhysicianName",
)
"""Keys of its Scheduled Procedure Step."""
_CODE = ("CodeValue", "LongCodeValue", "CodingSchemeDesignator", "CodingSchemeVersion", "CodeMeaning")
_ISSUER = ("LocalNamespaceEntityID", "UniversalEntityID", "UniversalEntityIDType")
SEQUENCES = {
    "RequestedProcedureCodeSequence": _CODE,
    "IssuerOfAccessionNumberSequence": _ISSUER,
    "IssuerOfAdmissionIDSequence": _ISSUER,
}
"""Sequences of the item, with the keys of theirs."""


def of_days(section: MwlSection, first: date, last: date) -> Dataset:
    """The query for what is scheduled from one day to another."""
    days = f"{first:%Y%m%d}" if first == last else f"{first:%Y%m%d}-{last:%Y%m%d}"
    query, step = _empty()
    step.ScheduledProcedureStepStartDate = days
    step.Modality = section.modality
    step.ScheduledStationAETitle = section.station_ae_title
    return query


def of_text(sought: str) -> Iterator[Dataset]:
    """The queries by what was scanned or typed: on any day, for any station, of any modality."""
    if not set(sought) & set("*?"):
        for keyword, longest in (("PatientID", 64), ("AccessionNumber", 16), ("AdmissionID", 64)):
            if len(sought) <= longest:
                yield _matching(keyword, sought)
    name = sought.replace("*", "").replace("?", "").replace(", ", "^").replace(",", "^")
    name = name.title() if name.islower() else name  # not every server matches names without regard to case
    if len(name) > 1 and not any(letter.isdigit() for letter in name):
        yield _matching("PatientName", f"{name}*")


def _matching(keyword: str, value: str) -> Dataset:
    query, _ = _empty()
    if not value.isascii():
        query.SpecificCharacterSet = "ISO_IR 192"
    setattr(query, keyword, value)
    return query


def _empty() -> tuple[Dataset, Dataset]:
    """An identifier without a matching key, and the item of its step."""
    query = _with(RETURNED)
    del query.SpecificCharacterSet
    for keyword, inner in SEQUENCES.items():
        setattr(query, keyword, [_with(inner)])
    step = _with(RETURNED_OF_STEP)
    step.ScheduledProtocolCodeSequence = [_with(_CODE)]
    query.ScheduledProcedureStepSequence = [step]
    return query, step


def _with(keywords: tuple[str, ...]) -> Dataset:
    dataset = Dataset()
    for keyword in keywords:
        setattr(dataset, keyword, "")
    return dataset
