"""How resources name themselves, each other, the patient and the order.

Every resource has an identifier that follows from the DICOM UIDs alone, so that the same result always goes to the same
resource, and within a bundle is referred to by it.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from server.config.destinations import ObjectKind
from server.fhir.coding import Json, of_terminology
from server.fhir.record import VisitRecord
from server.store import Still, replaced_by

_URI = "urn:ietf:rfc3986"
DICOM_UID = "urn:dicom:uid"
IN_ERROR = "entered-in-error"
"""Status of whatever was withdrawn."""


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
        self._replaced = frozenset(replaced_by(record.stills))
        self.dicom_study = record.visit.study_now or self.study_uid
        """Study Instance UID of the objects: another than the visit's once it was corrected."""
        photos = (one for one in record.instances if one.kind == ObjectKind.PHOTO)
        self._photos = {one.still_uid: one for one in photos}

    @property
    def r5(self) -> bool:
        """Whether R5 is spoken."""
        return self.wording.release is Release.R5

    @property
    def status(self) -> str:
        """Of results: preliminary until a person has signed."""
        if self.record.withdrawn:
            return IN_ERROR
        return "final" if self.record.signed else "preliminary"

    @property
    def issued(self) -> str:
        """When the newest of the results was made."""
        made = [instance.created_at for instance in self.record.instances]
        return instant(max(made, default=self.record.visit.opened_at))

    def stands(self, still: Still) -> bool:
        """Whether none was taken again for this still, nor was it rejected or withdrawn."""
        return not self.is_withdrawn(still) and still.sop_instance_uid not in self._replaced

    def is_withdrawn(self, still: Still) -> bool:
        """Whether this still was rejected, or is told as it was before a correction."""
        return self.record.withdrawn or still.rejected_by is not None

    def status_of(self, still: Still, replaced: str, standing: str) -> str:
        """The status of what tells of a still: one of these, or that it was withdrawn."""
        if self.is_withdrawn(still):
            return IN_ERROR
        return standing if self.stands(still) else replaced

    def own(self, still_uid: str) -> tuple[str, ...]:
        """What names the resources about a still: others once the visit was corrected, as its DICOM objects are others."""
        moved = self.dicom_study != self.study_uid
        return (self.dicom_study, still_uid) if moved else (still_uid,)

    def photo(self, still: Still) -> tuple[str, str, str] | None:
        """UIDs of study, series and instance of the photograph; None: it is not known what they came to be."""
        made = self._photos.get(still.sop_instance_uid)
        if self.dicom_study == self.study_uid:
            return self.study_uid, still.series_instance_uid, still.sop_instance_uid
        if made is None:
            return None
        return made.study_instance_uid, made.series_instance_uid, made.sop_instance_uid

    @property
    def study(self) -> Json:
        """A reference to the ImagingStudy: to ours in the bundle, or to the one with this Study Instance UID."""
        if self.wording.writes_study:
            return {"reference": name_of("ImagingStudy", self.dicom_study), "type": "ImagingStudy"}
        return {"type": "ImagingStudy", "identifier": study_identifier(self.dicom_study)}

    @property
    def subject(self) -> Json:
        """A reference to the patient: by identifier, or to the one in the bundle."""
        if self.wording.demographics:
            return {"reference": name_of("Patient", self.dicom_study), "type": "Patient"}
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
