"""TLS towards the hospital's systems, for DICOM and HTTPS alike."""

import ssl
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from server.config.section import Section
from server.errors import ConfigError

_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secret and authenticated alone (BCP 195, RFC 9325 section 4.2). TLS 1.3 has no others."""


class TlsSection(Section):
    """Certificates; TLS 1.2 is the least that is spoken."""

    ca_file: Path | None = None
    """PEM file of the authorities that are trusted; none: those of the operating system."""
    certificate_file: Path | None = None
    """PEM file of our own certificate, with those between it and its authority."""
    key_file: Path | None = None
    """PEM file of its private key, without a pass phrase, mode 0600."""
    host_name: Annotated[str, Field(max_length=255)] = ""
    """The name in the other side's certificate where it is not `host`."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.certificate_file is None) is not (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        return self

    def client_context(self) -> ssl.SSLContext:
        """For connections that we open; raises `ConfigError`."""
        return self._filled(ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=self._ca()))

    def server_context(self) -> ssl.SSLContext:
        """For connections that we take: the other side shows a certificate as well. Raises `ConfigError`."""
        if self.certificate_file is None or self.ca_file is None:
            raise ConfigError("tls of a listener needs certificate_file, key_file and ca_file")
        context = self._filled(ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self._ca()))
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _ca(self) -> str | None:
        if self.ca_file is None:
            return None
        try:
            ssl.create_default_context(cafile=str(self.ca_file))
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"tls.ca_file: {self.ca_file} holds no certificates in PEM") from error
        return str(self.ca_file)

    def _filled(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(_CIPHERS)
        if self.certificate_file is None or self.key_file is None:
            return context
        try:
            # The empty pass phrase keeps OpenSSL from asking for one at the terminal.
            context.load_cert_chain(self.certificate_file, self.key_file, password="")
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"tls: {self.certificate_file} and {self.key_file} are not a certificate and its own key in PEM"
            ) from error
        return context
