"""The server on the DICOM network, and its counterparts there."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Self

from pydantic import Field, model_validator

from server.config.section import Section
from server.config.tls import TlsSection

AeTitle = Annotated[str, Field(pattern=r"^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$")]
"""VR AE (PS3.5 section 6.2): up to 16 characters of ASCII without the backslash."""
Port = Annotated[int, Field(ge=1, le=65535)]
Network = IPv4Network | IPv6Network


class PeerSection(Section):
    """A DICOM application on another computer."""

    host: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[A-Za-z0-9._:-]+$")]
    """Name or address."""
    port: Port = 104
    ae_title: AeTitle
    """What it is called."""
    tls: TlsSection | None = None
    """Given: the connection is encrypted; PS3.15 suggests port 2762."""


class ListenerSection(Section):
    """Where the hospital's systems report storage commitment; a process of its own."""

    enabled: bool = False
    host: str = "127.0.0.1"
    """The one address to listen at."""
    port: Annotated[int, Field(ge=0, le=65535)] = 11112
    """0 takes a free one."""
    allowed_ae_titles: Annotated[frozenset[AeTitle], Field(max_length=64)] = frozenset()
    """Who may call."""
    allowed_addresses: Annotated[tuple[Network, ...], Field(max_length=64)] = ()
    """From where: addresses and networks, e.g. `10.0.0.7` or `10.0.4.0/24`."""
    tls: TlsSection | None = None
    """Given: callers must show a certificate of `ca_file`."""
    max_associations: Annotated[int, Field(ge=1, le=64)] = 8
    memory_mb: Annotated[int, Field(ge=64, le=4096)] = 192
    """What the process may take beyond what it needs to start."""

    @model_validator(mode="after")
    def _guarded(self) -> Self:
        if self.enabled and not (self.allowed_ae_titles and self.allowed_addresses):
            raise ValueError("an enabled listener needs allowed_ae_titles and allowed_addresses")
        return self


class DicomConfig(Section):
    """How this server appears on the DICOM network."""

    ae_title: AeTitle = "DERMABOOTH"
    """What it is called; the hospital's systems must know it."""
    institution_name: Annotated[str, Field(max_length=64)] = ""
    """Written into the objects (0008,0080)."""
    connect_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    """For the TCP connection and the TLS handshake."""
    association_timeout_s: Annotated[float, Field(gt=0, le=120)] = 15.0
    """For the answer to an association request."""
    network_timeout_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """For any packet of the other side, and for it to take one of ours."""
    max_pdu: Annotated[int, Field(ge=4096, le=1_048_576)] = 65_536
    """Bytes in one PDU that we take."""
    listener: ListenerSection = ListenerSection()
