"""Codes and quantities as FHIR writes them."""

from typing import Any

from pydicom.sr.coding import Code

from server.dicom import codes
from server.dicom.units import unit_code
from station.protocol import derived_uid

Json = dict[str, Any]
"""A FHIR resource, or a part of one, as JSON holds it."""

PRIVATE_SYSTEM = f"urn:oid:{derived_uid('dermabooth', 'codes')}"
"""The private coding scheme of the DICOM objects, as a URI."""
_SYSTEMS = {
    "DCM": "http://dicom.nema.org/resources/ontology/DCM",
    "SCT": "http://snomed.info/sct",
    "UCUM": "http://unitsofmeasure.org",
    "LN": "http://loinc.org",
    codes.PRIVATE_SCHEME: PRIVATE_SYSTEM,
}
_LATERALITY = "272741003"
"""SNOMED CT attribute that gives a site its side."""


def coding(code: Code) -> Json:
    """A Coding."""
    system = _SYSTEMS.get(code.scheme_designator)
    known = {"system": system} if system else {}
    return {**known, "code": code.value, "display": code.meaning}


def concept(code: Code, *more: Code, text: str = "") -> Json:
    """A CodeableConcept; `more` are the same thing in other systems."""
    return {"coding": [coding(one) for one in (code, *more)], "text": text or code.meaning}


def of_terminology(name: str, code: str, display: str) -> Json:
    """A Coding of one of HL7's own code systems."""
    return {"system": f"http://terminology.hl7.org/CodeSystem/{name}", "code": code, "display": display}


def quantity(value: float, unit: str) -> Json:
    """A Quantity in UCUM; `unit` as measures write it."""
    code = unit_code(unit)
    told = {} if code.value == "1" else {"unit": unit}
    return {"value": value, **told, "system": _SYSTEMS["UCUM"], "code": code.value}


def body_site(region: str) -> Json:
    """The site of a region as CodeableConcept, e.g. of `left_cheek`.

    A side is told by a SNOMED CT expression (site : laterality = side); the plain site stands beside it, for systems that
    read no expressions.
    """
    place = codes.anatomy(region)
    words = region.replace("_", " ").capitalize()
    if place.side is None:
        return concept(place.site, text=words)
    sided = Code(
        f"{place.site.value}:{_LATERALITY}={place.side.value}",
        "SCT",
        f"{place.site.meaning}, {place.side.meaning.lower()}",
    )
    return concept(sided, place.site, text=words)
