"""What is read of FHIR resources, R4 and R5; whatever else they hold is left."""

from typing import Annotated

import msgspec
from msgspec import Meta

MOST_REPEATS = 64
"""Repetitions of an element that are taken; a resource with more is refused."""
Some = Meta(max_length=MOST_REPEATS)


class _Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    pass


class Coding(_Part, frozen=True, kw_only=True):
    """Coding."""

    system: str = ""
    version: str = ""
    code: str = ""
    display: str = ""


class Concept(_Part, frozen=True, kw_only=True):
    """CodeableConcept."""

    coding: Annotated[tuple[Coding, ...], Some] = ()
    text: str = ""


class CodeableReference(_Part, frozen=True, kw_only=True):
    """CodeableReference of R5; also reads a CodeableConcept, which R4 has in its place."""

    concept: Concept | None = None
    coding: Annotated[tuple[Coding, ...], Some] = ()
    text: str = ""

    @property
    def told(self) -> Concept:
        """The concept, whichever version tells it."""
        return self.concept or Concept(coding=self.coding, text=self.text)


class Assigner(_Part, frozen=True, kw_only=True):
    """Reference to who gave an identifier."""

    display: str = ""


class Identifier(_Part, frozen=True, kw_only=True):
    """Identifier."""

    use: str = ""
    type: Concept = Concept()
    system: str = ""
    value: str = ""
    assigner: Assigner = Assigner()

    def is_a(self, code: str) -> bool:
        """Whether it is of this type of HL7 table 0203."""
        return any(coding.code == code for coding in self.type.coding)


class Reference(_Part, frozen=True, kw_only=True):
    """Reference."""

    reference: str = ""
    identifier: Identifier | None = None
    display: str = ""


class Extension(_Part, frozen=True, kw_only=True):
    """Extension with a code."""

    url: str = ""
    value_code: str = ""


class HumanName(_Part, frozen=True, kw_only=True):
    """HumanName."""

    extension: Annotated[tuple[Extension, ...], Some] = ()
    use: str = ""
    text: str = ""
    family: str = ""
    given: Annotated[tuple[str, ...], Some] = ()
    prefix: Annotated[tuple[str, ...], Some] = ()
    suffix: Annotated[tuple[str, ...], Some] = ()


class Period(_Part, frozen=True, kw_only=True):
    """Period."""

    start: str = ""


class Resource(_Part, frozen=True, kw_only=True):
    """What every resource has."""

    resource_type: str
    id: str = ""


class PatientResource(_Part, frozen=True, kw_only=True):
    """Patient."""

    identifier: Annotated[tuple[Identifier, ...], Some] = ()
    name: Annotated[tuple[HumanName, ...], Some] = ()
    gender: str = ""
    birth_date: str = ""


class Practitioner(_Part, frozen=True, kw_only=True):
    """Practitioner."""

    name: Annotated[tuple[HumanName, ...], Some] = ()


class Encounter(_Part, frozen=True, kw_only=True):
    """Encounter."""

    identifier: Annotated[tuple[Identifier, ...], Some] = ()
    reason_code: Annotated[tuple[Concept, ...], Some] = ()


class ServiceRequest(_Part, frozen=True, kw_only=True):
    """ServiceRequest."""

    id: str = ""
    identifier: Annotated[tuple[Identifier, ...], Some] = ()
    code: CodeableReference = CodeableReference()
    subject: Reference = Reference()
    encounter: Reference = Reference()
    requester: Reference = Reference()
    occurrence_date_time: str = ""
    occurrence_period: Period = Period()
    reason_code: Annotated[tuple[Concept, ...], Some] = ()
    reason: Annotated[tuple[CodeableReference, ...], Some] = ()


class Link(_Part, frozen=True, kw_only=True):
    """Link of a Bundle."""

    relation: str = ""
    url: str = ""


class Entry(_Part, frozen=True, kw_only=True):
    """Entry of a Bundle."""

    full_url: str = ""
    resource: msgspec.Raw = msgspec.Raw(b"{}")


class Bundle(_Part, frozen=True, kw_only=True):
    """Bundle of a search."""

    resource_type: str
    link: Annotated[tuple[Link, ...], Some] = ()
    entry: Annotated[tuple[Entry, ...], Meta(max_length=2000)] = ()
