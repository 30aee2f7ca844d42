"""The audit trail of one server process, and the task that brings it to a collector."""

import contextlib
import socket
from collections.abc import Iterator

from server.audit import Auditor, AuditSource, Forwarder, events
from server.config import ServerConfig


@contextlib.contextmanager
def auditing(config: ServerConfig, process: str) -> Iterator[Auditor]:
    """The trail, with the start and the stop of this process in it.

    Raises `AuditUnavailable` if it cannot be written: nothing is to begin unrecorded.
    """
    source = AuditSource(config.audit.source, site=config.audit.site, process=f"dermabooth {process}")
    with Auditor(config.audit_trail, source, file_bytes=config.audit.file_mib << 20) as auditor:
        auditor.record_now(events.started(source.process))
        try:
            yield auditor
        finally:
            auditor.note(events.started(source.process, stopped=True))


async def forward(config: ServerConfig) -> None:
    """Bring the trail to the configured collector until cancelled; at once done without one. Raises `ConfigError`."""
    collector = config.audit.collector
    if collector is None:
        return
    forwarder = Forwarder(
        config.audit_trail,
        collector.host,
        collector.port,
        collector.tls.client_context(),
        server_name=collector.tls.host_name,
        timeout_s=collector.timeout_s,
    )
    await forwarder.run(config.audit.source or socket.gethostname())
