"""A DICOM system on the other side, and how long we bear with it."""

import ssl
from dataclasses import dataclass
from typing import Self

from server.config.dicom import DicomConfig, PeerSection


@dataclass(frozen=True)
class Peer:
    """Whom to call, as whom, and the times that it has."""

    host: str
    port: int
    ae_title: str
    calling: str
    """Our own AE title."""
    tls: tuple[ssl.SSLContext, str] | None = None
    """Context, and the name that the certificate must hold."""
    connect_timeout_s: float = 10.0
    association_timeout_s: float = 15.0
    network_timeout_s: float = 30.0
    answer_timeout_s: float = 60.0
    """For the answer to one request."""
    max_pdu: int = 65_536

    @classmethod
    def configured(cls, section: PeerSection, dicom: DicomConfig, answer_timeout_s: float = 60.0) -> Self:
        """The peer of a table of the settings; raises `ConfigError`."""
        tls = section.tls
        return cls(
            host=section.host,
            port=section.port,
            ae_title=section.ae_title,
            calling=dicom.ae_title,
            tls=None if tls is None else (tls.client_context(), tls.host_name or section.host),
            connect_timeout_s=dicom.connect_timeout_s,
            association_timeout_s=dicom.association_timeout_s,
            network_timeout_s=dicom.network_timeout_s,
            answer_timeout_s=answer_timeout_s,
            max_pdu=dicom.max_pdu,
        )

    def __str__(self) -> str:
        return f"{self.ae_title} at {self.host}:{self.port}"
