"""An event as the XML of the DICOM Audit Message Schema (PS3.15 section A.5.1)."""

import base64
import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from server.audit.codes import Coded
from server.audit.events import Actor, AuditEvent, Thing

_NOT_XML = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Also line breaks and tabs: a message is one line."""
_MACHINE_NAME, _IP_ADDRESS = "1", "2"
_APPLICATION_SERVER = "4"


@dataclass(frozen=True)
class AuditSource:
    """Who reports (AuditSourceIdentification)."""

    id: str = ""
    """Empty: the computer's name."""
    site: str = ""
    process: str = "dermabooth"
    """Part of the server that reports; the user of what no person asked for."""

    def __post_init__(self) -> None:
        if not self.id:
            object.__setattr__(self, "id", socket.gethostname())

    @property
    def actor(self) -> Actor:
        """The reporting process itself."""
        return Actor(user_id=self.process, alternative_id=str(os.getpid()), requestor=False, address=self.id)


def write_message(event: AuditEvent, source: AuditSource) -> bytes:
    """The message in UTF-8, in one line; what XML cannot hold becomes U+FFFD."""
    root = Element("AuditMessage")
    _add_event(root, event)
    for actor in event.actors:
        _add_actor(root, actor)
    identification = SubElement(root, "AuditSourceIdentification", _attributes(AuditSourceID=source.id))
    if source.site:
        identification.set("AuditEnterpriseSiteID", _clean(source.site))
    SubElement(identification, "AuditSourceTypeCode", {"csd-code": _APPLICATION_SERVER})
    for thing in event.things:
        _add_thing(root, thing)
    return tostring(root, encoding="unicode").encode()


def _add_event(root: Element, event: AuditEvent) -> None:
    at = datetime.fromtimestamp(event.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    about = _attributes(EventActionCode=event.action, EventDateTime=at, EventOutcomeIndicator=event.result)
    element = SubElement(root, "EventIdentification", about)
    _add_code(element, "EventID", event.id)
    for kind in event.types:
        _add_code(element, "EventTypeCode", kind)
    if event.reason:
        SubElement(element, "EventOutcomeDescription").text = _clean(event.reason)


def _add_actor(root: Element, actor: Actor) -> None:
    about = _attributes(UserID=actor.user_id)
    if actor.alternative_id:
        about |= _attributes(AlternativeUserID=actor.alternative_id)
    about["UserIsRequestor"] = "true" if actor.requestor else "false"
    if actor.address:
        kind = _IP_ADDRESS if _is_ip(actor.address) else _MACHINE_NAME
        about |= _attributes(NetworkAccessPointID=actor.address, NetworkAccessPointTypeCode=kind)
    element = SubElement(root, "ActiveParticipant", about)
    for role in actor.roles:
        _add_code(element, "RoleIDCode", role)
    if actor.media is not None:
        _add_code(SubElement(element, "MediaIdentifier"), "MediaType", actor.media)


def _add_thing(root: Element, thing: Thing) -> None:
    about = _attributes(
        ParticipantObjectID=thing.id,
        ParticipantObjectTypeCode=thing.type,
        ParticipantObjectTypeCodeRole=thing.role,
    )
    element = SubElement(root, "ParticipantObjectIdentification", about)
    _add_code(element, "ParticipantObjectIDTypeCode", thing.id_type)
    if thing.query is None:
        SubElement(element, "ParticipantObjectName").text = _clean(thing.name)
    else:
        SubElement(element, "ParticipantObjectQuery").text = base64.b64encode(thing.query).decode()
    for kind, value in thing.details:
        encoded = base64.b64encode(value.encode(errors="replace")).decode()
        SubElement(element, "ParticipantObjectDetail", _attributes(type=kind, value=encoded))
    _add_description(element, thing)


def _add_description(element: Element, thing: Thing) -> None:
    if not (thing.classes or thing.accession_number or thing.anonymized is not None):
        return
    description = SubElement(element, "ParticipantObjectDescription")
    if thing.accession_number:
        SubElement(description, "Accession", _attributes(Number=thing.accession_number))
    for uid, instances, count in thing.classes:
        kind = SubElement(description, "SOPClass", _attributes(UID=uid, NumberOfInstances=str(count)))
        for instance in instances:
            SubElement(kind, "Instance", _attributes(UID=instance))
    if thing.anonymized is not None:
        SubElement(description, "Anonymized").text = "true" if thing.anonymized else "false"


def _add_code(parent: Element, name: str, code: Coded) -> None:
    about = {"csd-code": code.value, "codeSystemName": code.scheme, "originalText": code.meaning}
    SubElement(parent, name, about)


def _attributes(**values: str) -> dict[str, str]:
    return {name: _clean(value) for name, value in values.items()}


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
