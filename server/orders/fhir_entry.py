"""A ServiceRequest with the resources that it refers to, as an entry."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from server.orders.fhir_shapes import (
    Coding,
    Concept,
    Encounter,
    HumanName,
    Identifier,
    PatientResource,
    Practitioner,
    Reference,
    ServiceRequest,
)
from server.orders.found import Unusable
from station.protocol import CodedConcept, Issuer, Order, OrderEntry, Patient

Included = Mapping[str, msgspec.Raw]
"""Resources of the answer by `Type/id` and by full URL."""

T = TypeVar("T")
_SCHEMES = {
    "http://snomed.info/sct": "SCT",
    "http://loinc.org": "LN",
    "http://dicom.nema.org/resources/ontology/DCM": "DCM",
    "http://www.radlex.org": "RADLEX",
    "http://www.ama-assn.org/go/cpt": "C4",
}
"""Coding scheme designators (PS3.16 section 8) of code systems; any other is local, `L`."""
_SEX = {"male": "M", "female": "F", "other": "O"}
_DICOM_UID = "urn:dicom:uid"
_REPRESENTATION = "iso21090-EN-representation"
_GROUPS = ("ABC", "IDE", "SYL")
"""Alphabetic, ideographic and syllabic writing, in the order of the groups of a DICOM name."""
_NOT_TEXT = re.compile(r"[\\\x00-\x1f\x7f]+")
_IN_NAMES = re.compile(r"[\\^=\x00-\x1f\x7f]+")


def read_request(request: ServiceRequest, included: Included) -> OrderEntry:
    """The entry of a request. Raises `Unusable`."""
    patient = _included(request.subject, included, PatientResource)
    encounter = _included(request.encounter, included, Encounter) or Encounter()
    return OrderEntry(
        patient=_patient(patient, request.subject),
        order=_order(request, encounter, included),
        scheduled_at=_scheduled_at(request),
    )


def _patient(patient: PatientResource | None, subject: Reference) -> Patient:
    if patient is None:
        told = subject.identifier or Identifier()
        return Patient(
            patient_id=told.value,
            issuer_of_patient_id=_issuer(told),
            patient_name=_words(subject.display, 324),
        )
    number = _preferred(patient.identifier, "MR")
    born = patient.birth_date.replace("-", "")
    return Patient(
        patient_id=number.value,
        issuer_of_patient_id=_issuer(number),
        patient_name=_name(patient.name),
        patient_birth_date=born if re.fullmatch(r"[0-9]{8}", born) else "",
        patient_sex=_SEX.get(patient.gender, ""),
    )


def _order(request: ServiceRequest, encounter: Encounter, included: Included) -> Order:
    accession = _of_type(request.identifier, "ACSN")
    visit = _preferred(encounter.identifier, "VN")
    code = request.code.told
    reasons = [*request.reason_code, *(one.told for one in request.reason)]
    return Order(
        study_instance_uid=_study(request.identifier),
        accession_number=accession.value,
        issuer_of_accession_number=_issuer_of(accession),
        referring_physician_name=_requester(request.requester, included),
        requested_procedure_id=_number(request),
        requested_procedure_description=_text(code),
        requested_procedure_code=next(_codes([code]), None),
        reason=_text(reasons[0]) if reasons else "",
        admission_id=visit.value,
        issuer_of_admission_id=_issuer_of(visit),
        reason_for_visit=_text(encounter.reason_code[0]) if encounter.reason_code else "",
    )


def _number(request: ServiceRequest) -> str:
    """What the filler calls the request, else the placer, else the server."""
    number = _of_type(request.identifier, "FILL").value or _of_type(request.identifier, "PLAC").value
    return number or (request.id if len(request.id) <= 16 else "")


def _study(identifiers: Iterable[Identifier]) -> str | None:
    uid = next((one.value for one in identifiers if one.system == _DICOM_UID), "")
    return uid.removeprefix("urn:oid:") or None


def _requester(requester: Reference, included: Included) -> str:
    practitioner = _included(requester, included, Practitioner)
    return (_name(practitioner.name) if practitioner else "") or _words(requester.display, 324)


def _included(reference: Reference, included: Included, kind: type[T]) -> T | None:
    raw = included.get(reference.reference)
    if raw is None:
        return None
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Unusable(f"{kind.__name__.removesuffix('Resource')}: not as FHIR has it") from None


def _preferred(identifiers: Sequence[Identifier], code: str) -> Identifier:
    """That of the type, else the official one, else the first."""
    wants: tuple[Callable[[Identifier], bool], ...] = (
        lambda one: one.is_a(code),
        lambda one: one.use == "official",
        lambda _one: True,
    )
    for wanted in wants:
        for one in identifiers:
            if one.value and wanted(one):
                return one
    return Identifier()


def _of_type(identifiers: Iterable[Identifier], code: str) -> Identifier:
    return next((one for one in identifiers if one.value and one.is_a(code)), Identifier())


def _issuer(identifier: Identifier) -> str:
    return _words(identifier.assigner.display, 64) or identifier.system.removeprefix("urn:oid:")


def _issuer_of(identifier: Identifier) -> Issuer:
    system = identifier.system
    oid = system.startswith("urn:oid:")
    universal = system.removeprefix("urn:oid:") if len(system) <= 64 else ""
    return Issuer(
        name=_words(identifier.assigner.display, 64),
        universal_id=universal,
        universal_id_type=("ISO" if oid else "URI") if universal else "",
    )


def _codes(concepts: Iterable[Concept]) -> Iterator[CodedConcept]:
    for concept in concepts:
        for coding in concept.coding:
            meaning = _words(coding.display or concept.text, 64)
            if coding.code and len(coding.code) <= 64 and meaning:
                yield _code(coding, meaning)


def _code(coding: Coding, meaning: str) -> CodedConcept:
    return CodedConcept(
        value=coding.code,
        scheme=_SCHEMES.get(coding.system, "L"),
        meaning=meaning,
        version=coding.version if len(coding.version) <= 16 else "",
    )


def _text(concept: Concept) -> str:
    return _words(concept.text or next((one.display for one in concept.coding if one.display), ""), 64)


def _name(names: Sequence[HumanName]) -> str:
    """A DICOM name: up to three groups, by the writing that each name says it is in (ISO 21090)."""
    official = [one for one in names if one.use == "official"] or list(names)[:1]
    written: dict[str, HumanName] = {}
    for one in official:
        way = next((e.value_code for e in one.extension if e.url.endswith(_REPRESENTATION)), "ABC")
        written.setdefault(way, one)
    groups = [_group(written[way]) if way in written else "" for way in _GROUPS]
    return "=".join(groups).rstrip("=")


def _group(name: HumanName) -> str:
    if not name.family and not name.given:
        return _part([name.text])
    first, middle = name.given[:1], name.given[1:]
    parts = ([name.family], first, middle, name.prefix, name.suffix)
    return "^".join(map(_part, parts)).rstrip("^")


def _part(words: Iterable[str]) -> str:
    return " ".join(_IN_NAMES.sub(" ", " ".join(words)).split())


def _words(text: str, longest: int) -> str:
    return " ".join(_NOT_TEXT.sub(" ", text).split())[:longest].strip()


def _scheduled_at(request: ServiceRequest) -> float | None:
    """None where only the day is told."""
    told = request.occurrence_date_time or request.occurrence_period.start
    try:
        return datetime.fromisoformat(told).timestamp() if "T" in told else None
    except (ValueError, OverflowError, OSError):
        return None
