"""A worklist item (PS3.4 annex K) as an entry."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from re import compile as pattern

from pydicom.dataset import Dataset

from server.orders.charsets import CharacterSets
from server.orders.found import Unusable
from server.orders.values import Values
from station.protocol import CodedConcept, Issuer, Order, OrderEntry, Patient

_STEP = "ScheduledProcedureStepSequence"
_DATE = pattern(r"(\d{4})[.]?(\d{2})[.]?(\d{2})")
_TIME = pattern(r"(\d{2}):?(\d{2})?.*")
_ZONE = pattern(r"([+-])(\d{2})(\d{2})")
_ISSUER_TYPES = ("DNS", "EUI64", "ISO", "URI", "UUID", "X400", "X500")


@dataclass(frozen=True)
class Scheduled:
    """An entry, with what its step is scheduled for."""

    entry: OrderEntry
    modality: str
    station: str
    """AE title."""


def read_entry(item: Dataset, assumed: CharacterSets) -> Scheduled:
    """The entry of an answer; `assumed` is what it is written in where it does not say. Raises `Unusable`.

    Identifiers and names stay exactly as they are; descriptions are brought onto one line of their length.
    """
    try:
        values = Values(item, assumed)
        step = values.item(_STEP)
        entry = OrderEntry(
            patient=_patient(values), order=_order(values, step), scheduled_at=_scheduled_at(values, step)
        )
        return Scheduled(entry, step.free("Modality", 16), step.free("ScheduledStationAETitle", 16))
    except Unusable:
        raise
    except Exception as error:  # the boundary to what others send
        raise Unusable(f"the item is damaged: {type(error).__name__}") from error


def _patient(values: Values) -> Patient:
    birth_date, sex = values.free("PatientBirthDate", 8), values.free("PatientSex", 1)
    return Patient(
        patient_id=values.exact("PatientID"),
        issuer_of_patient_id=values.exact("IssuerOfPatientID"),
        patient_name=values.exact("PatientName"),
        patient_birth_date=birth_date if _DATE.fullmatch(birth_date) else "",
        patient_sex=sex if sex in ("M", "F", "O") else "",
    )


def _order(values: Values, step: Values) -> Order:
    return Order(
        study_instance_uid=values.exact("StudyInstanceUID") or None,
        accession_number=values.exact("AccessionNumber"),
        issuer_of_accession_number=_issuer(values.item("IssuerOfAccessionNumberSequence")),
        referring_physician_name=values.free("ReferringPhysicianName", 324),
        requested_procedure_id=values.exact("RequestedProcedureID"),
        requested_procedure_description=values.free("RequestedProcedureDescription"),
        requested_procedure_code=next(_codes(values, "RequestedProcedureCodeSequence"), None),
        reason=values.free("ReasonForTheRequestedProcedure"),
        scheduled_step_id=step.exact("ScheduledProcedureStepID"),
        scheduled_step_description=step.free("ScheduledProcedureStepDescription"),
        scheduled_protocol_codes=tuple(_codes(step, "ScheduledProtocolCodeSequence"))[:8],
        admission_id=values.exact("AdmissionID"),
        issuer_of_admission_id=_issuer(values.item("IssuerOfAdmissionIDSequence")),
        service_episode_id=values.exact("ServiceEpisodeID"),
        reason_for_visit=values.free("ReasonForVisit"),
    )


def _issuer(item: Values) -> Issuer:
    universal, kind = item.free("UniversalEntityID"), item.free("UniversalEntityIDType", 16)
    named = bool(universal) and kind in _ISSUER_TYPES
    return Issuer(
        name=item.free("LocalNamespaceEntityID"),
        universal_id=universal if named else "",
        universal_id_type=kind if named else "",
    )


def _codes(values: Values, keyword: str) -> Iterator[CodedConcept]:
    """The codes that are whole; half a code says nothing."""
    for item in values.items(keyword):
        value = item.free("CodeValue", 16) or item.free("LongCodeValue")
        scheme, meaning = item.free("CodingSchemeDesignator", 16), item.free("CodeMeaning")
        if value and scheme and meaning:
            version = item.free("CodingSchemeVersion", 16)
            yield CodedConcept(value=value, scheme=scheme, meaning=meaning, version=version)


def _scheduled_at(values: Values, step: Values) -> float | None:
    """In the time zone that the item names, else this computer's."""
    day = _DATE.fullmatch(step.free("ScheduledProcedureStepStartDate", 10))
    clock = _TIME.fullmatch(step.free("ScheduledProcedureStepStartTime", 16))
    if day is None or clock is None:
        return None
    try:
        year, month, date = map(int, day.groups())
        at = datetime(year, month, date, int(clock[1]), int(clock[2] or 0))  # noqa: DTZ001  the zone comes next
        zone = _ZONE.fullmatch(values.free("TimezoneOffsetFromUTC", 5))
        if zone is None:
            return at.timestamp()
        shift = timedelta(hours=int(zone[2]), minutes=int(zone[3]))
        return at.replace(tzinfo=timezone(shift if zone[1] == "+" else -shift)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
