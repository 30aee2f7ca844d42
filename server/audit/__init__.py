"""Who saw, sent and changed what: audit messages (PS3.15 section A.5), on disk in a hash chain and by syslog."""

from server.audit import codes, events
from server.audit.auditor import Auditor
from server.audit.chain import Head
from server.audit.codes import Action, Result
from server.audit.events import Actor, AuditEvent, Subject
from server.audit.forwarding import Forwarder, Mark, read_mark
from server.audit.message import AuditSource, write_message
from server.audit.verify import Verification, verify

__all__ = [
    "Action",
    "Actor",
    "AuditEvent",
    "AuditSource",
    "Auditor",
    "Forwarder",
    "Head",
    "Mark",
    "Result",
    "Subject",
    "Verification",
    "codes",
    "events",
    "read_mark",
    "verify",
    "write_message",
]
