"""What the hospital asked for: an order with its patient, as a worklist tells it and a visit carries it.

Every text is one DICOM value (PS3.5 section 6.2) no longer than its value representation allows.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from station.protocol.ids import Uid

TEXT = r"^[^\\\x00-\x1f\x7f]*$(?!\n)"
"""DICOM text of one value: no backslash, which parts values, and no control characters (PS3.5 section 6.2)."""

ShortText = Annotated[str, Meta(max_length=16, pattern=TEXT)]
"""DICOM SH."""
LongText = Annotated[str, Meta(max_length=64, pattern=TEXT)]
"""DICOM LO."""
PersonName = Annotated[str, Meta(max_length=324, pattern=TEXT)]
"""DICOM PN, components parted by ^, groups by =."""
EntityId = Annotated[str, Meta(max_length=64, pattern=TEXT)]


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """Who is photographed; every field may be empty (DICOM type 2)."""

    patient_id: LongText = ""
    issuer_of_patient_id: LongText = ""
    patient_name: PersonName = ""
    patient_birth_date: Annotated[str, Meta(pattern=r"^([0-9]{8})?$(?!\n)")] = ""
    patient_sex: Annotated[str, Meta(pattern=r"^[MFO]?$(?!\n)")] = ""


class CodedConcept(msgspec.Struct, frozen=True, kw_only=True):
    """A code (PS3.3 section 8.8); one longer than 16 characters is a LongCodeValue there."""

    value: Annotated[str, Meta(min_length=1, max_length=64, pattern=TEXT)]
    scheme: ShortText
    meaning: LongText
    version: ShortText = ""


class Issuer(msgspec.Struct, frozen=True, kw_only=True):
    """Who gave an identifier (PS3.3 section 10.15); empty where nobody says."""

    name: EntityId = ""
    """Local Namespace Entity ID."""
    universal_id: EntityId = ""
    universal_id_type: Annotated[str, Meta(pattern=r"^(DNS|EUI64|ISO|URI|UUID|X400|X500)?$(?!\n)")] = ""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What a visit was ordered as; of an encounter without an order many fields are empty."""

    study_instance_uid: Uid | None = None
    """Of the study that the hospital expects; None: it leaves the choice to us."""
    accession_number: ShortText = ""
    issuer_of_accession_number: Issuer = Issuer()
    referring_physician_name: PersonName = ""
    requested_procedure_id: ShortText = ""
    requested_procedure_description: LongText = ""
    requested_procedure_code: CodedConcept | None = None
    reason: LongText = ""
    """Reason for the Requested Procedure."""
    scheduled_step_id: ShortText = ""
    scheduled_step_description: LongText = ""
    scheduled_protocol_codes: Annotated[tuple[CodedConcept, ...], Meta(max_length=8)] = ()
    admission_id: LongText = ""
    issuer_of_admission_id: Issuer = Issuer()
    service_episode_id: LongText = ""
    reason_for_visit: LongText = ""


class OrderEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a worklist."""

    patient: Patient
    order: Order = Order()
    scheduled_at: float | None = None
    """Seconds since 1970 UTC."""
    begun: bool = False
    """A visit has used the order's Study Instance UID, as far as the server knows: another one gets a UID of its own."""

    @property
    def description(self) -> str:
        """What is to be done, in the fewest words that say it."""
        return self.order.scheduled_step_description or self.order.requested_procedure_description
