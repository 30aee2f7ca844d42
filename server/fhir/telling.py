"""How resources name themselves, each other, the patient and the order.

Every resource has an identifier that follows from the DICOM UIDs alone, so that the same result always goes to the same
resource, and within a bundle is referred to by it.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from server.fhir.coding import Json, of_terminology
from server.fhir.record import VisitRecord
from server.store import Still, replaced_by

_URI = "urn:ietf:rfc3986"
DICOM_UID = "urn:dicom:uid"


class Release(StrEnum):
    """The FHIR release that is spoken."""

    R4 = "R4"
    R5 = "R5"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What a site wants told, and how."""

    release: Release = Release.R4
    patient_system: str = ""
    """System of patient identifiers whose issuer `issuers` does not name."""
    issuers: Mapping[str, str] = field(default_factory=dict)
    """System of patient identifiers by their issuer."""
    accession_system: str = ""
    demographics: bool = False
    """Whether name, birth date and sex are told."""
    dicomweb: str = ""
    """Root of the DICOMweb service where the objects can be had; empty: not told."""
    writes_study: bool = True
    """False: the ImagingStudy is somebody else's, and only referred to."""
    software: str = "dermabooth"


class Telling:
    """One visit under one wording: identifiers, references and what all resources share."""

    def __init__(self, record: VisitRecord, wording: Wording) -> None:
        self.record = record
        self.wording = wording
        self.study_uid = record.visit.study_instance_uid
        rejected = (one.sop_instance_uid for one in record.stills if one.rejected_by is not None)
        self.replaced = frozenset((*replaced_by(record.stills), *rejected))
        """SOP Instance UIDs of stills that were taken again or rejected."""
        self.dicom_study = record.visit.study_now or self.study_uid
        """Study Instance UID of the objects: another than the visit's once it was corrected."""

    @property
    def r5(self) -> bool:
        """Whether R5 is spoken."""
        return self.wording.release is Release.R5

    @property
    def status(self) -> str:
        """Of results: preliminary until a person has signed."""
        return "final" if self.record.signed else "preliminary"

    @property
    def issued(self) -> str:
        """When the newest of the results was made."""
        made = [instance.created_at for instance in self.record.instances]
        return instant(max(made, default=self.record.visit.opened_at))

    def stands(self, still: Still) -> bool:
        """Whether none was taken again for this still, nor was it rejected."""
        return still.sop_instance_uid not in self.replaced

    @property
    def study(self) -> Json:
        """A reference to the ImagingStudy: to ours in the bundle, or to the one with this Study Instance UID."""
        if self.wording.writes_study:
            return {"reference": name_of("ImagingStudy", self.study_uid), "type": "ImagingStudy"}
        return {"type": "ImagingStudy", "identifier": study_identifier(self.dicom_study)}

    @property
    def subject(self) -> Json:
        """A reference to the patient: by identifier, or to the one in the bundle."""
        if self.wording.demographics:
            return {"reference": name_of("Patient", self.study_uid), "type": "Patient"}
        return {"type": "Patient", "identifier": self.patient_identifier}

    @property
    def patient_identifier(self) -> Json:
        """The patient's number, with its system or the issuer's name."""
        patient = self.record.visit.patient
        issuer = patient.issuer_of_patient_id
        system = self.wording.issuers.get(issuer, self.wording.patient_system)
        told: Json = {"type": {"coding": [of_terminology("v2-0203", "MR", "Medical record number")]}}
        if system:
            told["system"] = system
        told["value"] = patient.patient_id
        if issuer:
            told["assigner"] = {"display": issuer}
        return told

    @property
    def accession(self) -> Json | None:
        """The accession number; None: the visit has none."""
        order = self.record.visit.order
        number = order.accession_number if order else ""
        if not number:
            return None
        told: Json = {"type": {"coding": [of_terminology("v2-0203", "ACSN", "Accession ID")]}}
        if self.wording.accession_system:
            told["system"] = self.wording.accession_system
        return {**told, "value": number}

    @property
    def based_on(self) -> Json:
        """`basedOn` with the order, by its accession number; nothing for who walked in."""
        accession = self.accession
        return {"basedOn": [{"type": "ServiceRequest", "identifier": accession}]} if accession else {}


def name_of(kind: str, *parts: str) -> str:
    """The URN by which a bundle refers to the resource about these things."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(('dermabooth', kind, *parts)))}"


def identifier(kind: str, *parts: str) -> Json:
    """The Identifier of a resource; not its URN in the bundle, which some servers replace wherever it stands."""
    return {"system": _URI, "value": name_of("identifier", kind, *parts)}


def reference(kind: str, *parts: str) -> Json:
    """A Reference to a resource of the bundle."""
    return {"reference": name_of(kind, *parts), "type": kind}


def study_identifier(study_instance_uid: str) -> Json:
    """The Identifier of an ImagingStudy."""
    return {"system": DICOM_UID, "value": f"urn:oid:{study_instance_uid}"}


def instant(seconds: float) -> str:
    """A time since 1970 UTC as dateTime or instant."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
