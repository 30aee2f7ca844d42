"""`[audit]`: the audit trail, and the collector that gets a copy."""

from typing import Annotated

from pydantic import Field

from server.config.section import Section
from server.config.tls import TlsSection


class CollectorSection(Section):
    """An audit record repository that takes syslog over TLS (RFC 5425)."""

    host: Annotated[str, Field(min_length=1, max_length=255)]
    port: Annotated[int, Field(ge=1, le=65535)] = 6514
    tls: TlsSection = TlsSection()
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 15.0
    """How long connecting, and taking what was sent, may last."""


class AuditConfig(Section):
    """Who saw, sent and changed what; always kept."""

    source: Annotated[str, Field(max_length=64)] = ""
    """AuditSourceID of every message; empty: the computer's name."""
    site: Annotated[str, Field(max_length=64)] = ""
    """AuditEnterpriseSiteID."""
    file_mib: Annotated[int, Field(ge=1, le=4096)] = 64
    """A file of the trail that has grown to so much is followed by a new one."""
    repeat_after_s: Annotated[float, Field(ge=0, le=86400)] = 300.0
    """The same caller looking at the same thing again is recorded again after so long."""
    collector: CollectorSection | None = None
