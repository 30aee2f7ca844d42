"""`[orders]`: where the worklist comes from."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from server.config.dicom import AeTitle, PeerSection
from server.config.secrets import read_secret
from server.config.section import Section
from server.config.tls import TlsSection
from server.config.urls import ServiceUrl, is_loopback

CHARACTER_SETS = (
    "ISO_IR 6",
    "ISO_IR 13",
    "ISO_IR 100",
    "ISO_IR 101",
    "ISO_IR 109",
    "ISO_IR 110",
    "ISO_IR 126",
    "ISO_IR 127",
    "ISO_IR 138",
    "ISO_IR 144",
    "ISO_IR 148",
    "ISO_IR 166",
    "ISO_IR 192",
    "ISO_IR 203",
    "ISO 2022 IR 6",
    "ISO 2022 IR 13",
    "ISO 2022 IR 58",
    "ISO 2022 IR 87",
    "ISO 2022 IR 100",
    "ISO 2022 IR 149",
    "ISO 2022 IR 159",
    "GB18030",
    "GBK",
)
"""Defined terms of SpecificCharacterSet (PS3.3 section C.12.1.1.2) that can be assumed."""


class MwlSection(PeerSection):
    """A DICOM Modality Worklist."""

    modality: Annotated[str, Field(pattern=r"^([A-Z0-9_]{1,16})?$")] = ""
    """Only steps of this modality, e.g. `XC`; empty: of any, because photographs are often scheduled as something else."""
    station_ae_title: AeTitle | Literal[""] = ""
    """Only steps that are scheduled for this station; empty: for any."""
    assume_charset: Annotated[str, Field(max_length=80)] = "ISO_IR 192"
    """What text is written in where an answer does not say; several terms parted by a backslash."""

    @field_validator("assume_charset")
    @classmethod
    def _known(cls, value: str) -> str:
        unknown = [term for term in value.split("\\") if term and term not in CHARACTER_SETS]
        if unknown or not value:
            raise ValueError(f"{unknown or value!r} is no character set; known: {', '.join(CHARACTER_SETS)}")
        return value


class FhirOrdersSection(Section):
    """An HL7 FHIR server that holds ServiceRequests."""

    url: ServiceUrl
    """Base of the service, e.g. `https://fhir.example/r4`."""
    version: Literal["R4", "R5"] = "R4"
    token_file: Path | None = None
    """File with a bearer token, mode 0600."""
    query: Annotated[str, Field(max_length=512, pattern=r"^[A-Za-z0-9_.~%&=:,|+\-]*$")] = "status=active"
    """Search parameters of ServiceRequest beside the date, e.g. `status=active&category=363679005`."""
    tls: TlsSection | None = None
    """Given: with these certificates instead of the operating system's."""
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 15.0

    @model_validator(mode="after")
    def _secret_is_kept(self) -> Self:
        if self.token_file is not None and not self.url.startswith("https:") and not is_loopback(self.url):
            raise ValueError("a token is sent over https only")
        return self

    def token(self) -> str:
        """The bearer token, or nothing; raises `ConfigError`."""
        return "" if self.token_file is None else read_secret(self.token_file, "orders.fhir.token_file")


class OrdersConfig(Section):
    """The worklist that the booths show: of a Modality Worklist, of a FHIR server, or none."""

    mwl: MwlSection | None = None
    fhir: FhirOrdersSection | None = None
    days_before: Annotated[int, Field(ge=0, le=365)] = 0
    """Days before today whose entries are listed as well."""
    days_after: Annotated[int, Field(ge=0, le=365)] = 0
    refresh_s: Annotated[float, Field(ge=2, le=3600)] = 30.0
    limit: Annotated[int, Field(ge=1, le=500)] = 500
    """Entries that are taken of one answer."""

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.mwl is not None and self.fhir is not None:
            raise ValueError("name one source, [orders.mwl] or [orders.fhir]")
        return self

    @property
    def configured(self) -> bool:
        """Whether there is a worklist."""
        return self.mwl is not None or self.fhir is not None
