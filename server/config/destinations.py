"""Where DICOM objects go: `[[destinations]]`, one table each, told apart by `type`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from server.config.dicom import PeerSection
from server.config.section import Section
from server.config.tls import TlsSection
from server.config.urls import ServiceUrl, is_loopback

DestinationName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=32)]

SystemUri = Annotated[str, Field(pattern=r"^(urn:[a-z0-9][a-z0-9-]*:|https?://)[!-~]+$", max_length=255)]
"""What FHIR calls the system of an identifier."""


class ObjectKind(StrEnum):
    """What a DICOM object of the archive is."""

    PHOTO = "photo"
    SEGMENTATION = "segmentation"
    REPORT = "report"
    HEAT_MAP = "heat_map"
    OVERLAY = "overlay"
    KEY_OBJECT = "key_object"
    DOCUMENT = "document"


class DestinationSection(Section):
    """What every destination is told."""

    name: DestinationName
    """Kept with every delivery: a destination of another name is another one."""
    objects: Annotated[frozenset[ObjectKind], Field(min_length=1)] = frozenset(ObjectKind)
    """Which kinds of objects go there."""
    timeout_s: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long the destination may take nothing of what is sent, or leave us without an answer."""
    backlog_days: Annotated[float, Field(ge=0, le=36500)] = 30.0
    """How old a visit may be to be sent to a destination that was configured after it."""


class FolderSection(DestinationSection):
    """A folder, of this computer or mounted."""

    type: Literal["folder"]
    path: Path
    """It must exist; files lie there as STUDY/INSTANCE.dcm, by their UIDs."""


class DimseSection(DestinationSection, PeerSection):
    """A PACS that takes C-STORE."""

    type: Literal["dimse"]
    commitment: Literal["none", "same_association", "listener"] = "none"
    """How it says that it keeps what it took: never, while we wait, or by calling `[dicom.listener]`."""
    commitment_within_s: Annotated[float, Field(gt=0, le=604_800)] = 3600.0
    """A storage commitment that was not answered by then is asked for again."""


class WebSection(DestinationSection):
    """A web service, and how it knows us."""

    url: ServiceUrl
    token_file: Path | None = None
    """File with a bearer token, one line, mode 0600."""
    user: Annotated[str, Field(pattern=r"^[^:\x00-\x1f\x7f]*$", max_length=255)] = ""
    password_file: Path | None = None
    """File with the password of `user`, one line, mode 0600."""
    tls: TlsSection | None = None
    """For https: own authorities and our own certificate."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if bool(self.user) is not bool(self.password_file):
            raise ValueError("user and password_file go together")
        if self.token_file and self.user:
            raise ValueError("choose token_file, or user and password_file")
        secure = self.url.startswith("https://")
        if (self.token_file or self.user) and not secure and not is_loopback(self.url):
            raise ValueError("a token or password is sent over https only, except on this computer")
        if self.tls is not None and not secure:
            raise ValueError("tls needs an https url")
        return self


class StowSection(WebSection):
    """A PACS or archive that takes STOW-RS and answers QIDO-RS."""

    type: Literal["stow"]
    url: ServiceUrl
    """Root of its DICOMweb services; `/studies` is added."""
    most_instances: Annotated[int, Field(ge=1, le=1000)] = 20
    """In one request."""
    most_mb: Annotated[int, Field(ge=1, le=4096)] = 256
    """In one request; an instance that is larger goes alone."""
    found_within_s: Annotated[float, Field(gt=0, le=604_800)] = 600.0
    """An instance that QIDO-RS has not shown by then is sent again."""


class FhirSection(WebSection):
    """An HL7 FHIR server that takes results. It keeps no DICOM objects."""

    type: Literal["fhir"]
    url: ServiceUrl
    """Base of the service, e.g. `https://fhir.example/r4`."""
    version: Literal["R4", "R5"] = "R4"
    objects: Annotated[frozenset[ObjectKind], Field(min_length=1)] = frozenset({ObjectKind.REPORT})
    """Objects that call for the visit's results; the results are always sent whole."""
    patient_system: SystemUri | Literal[""] = ""
    """System of patient identifiers whose issuer `issuers` does not name."""
    issuers: dict[str, SystemUri] = Field(default_factory=dict)
    """System of patient identifiers by their issuer, e.g. `HOSPITAL = "urn:oid:1.2.3"`."""
    accession_system: SystemUri | Literal[""] = ""
    demographics: bool = False
    """Also tell name, birth date and sex; otherwise the identifier alone."""
    imaging_study: Literal["write", "refer"] = "write"
    """Write the ImagingStudy, or refer to the one that the archive makes."""
    dicomweb: ServiceUrl | Literal[""] = ""
    """Where readers of the results get the DICOM objects; empty: not told."""
    photos: Literal["reference", "inline"] = "reference"
    """Name the photographs, or send them as JPEG within the resources."""
    most_entries: Annotated[int, Field(ge=1, le=5000)] = 400
    """Of one transaction; a larger visit goes in several, its report last."""


class WebhookSection(WebSection):
    """A web service of yours that is told what is ready. It keeps no DICOM objects."""

    type: Literal["webhook"]
    secret_file: Path
    """File with the secret that requests are signed with, `whsec_` and base64, one line, mode 0600."""
    patient: bool = False
    """Also tell the patient's identifier and its issuer."""

    @model_validator(mode="after")
    def _patients_are_guarded(self) -> Self:
        if self.patient and not self.url.startswith("https://") and not is_loopback(self.url):
            raise ValueError("patient identifiers are sent over https only, except on this computer")
        return self


AnyDestination = Annotated[
    FolderSection | DimseSection | StowSection | FhirSection | WebhookSection, Field(discriminator="type")
]
"""The kinds of destination."""
KEEPERS = (FolderSection, DimseSection, StowSection)
"""Those that keep the DICOM objects they are sent."""
