"""What is audited: one function per message of PS3.15 section A.5.3 that is sent, and the parts of which it is made."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.audit import codes
from server.audit.codes import Action, Coded, Result


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who or what took part (ActiveParticipant)."""

    user_id: str
    requestor: bool = True
    """Whether this one started it."""
    alternative_id: str = ""
    address: str = ""
    """IP address or host name."""
    roles: tuple[Coded, ...] = ()
    media: Coded | None = None


@dataclass(frozen=True, kw_only=True)
class Thing:
    """What it was about (ParticipantObjectIdentification)."""

    id: str
    id_type: Coded
    name: str = ""
    query: bytes | None = None
    """Stands in place of the name."""
    type: str = "2"
    """1 person, 2 system object, 3 organization, 4 other."""
    role: str = "3"
    """PS3.15 section A.5.1.2.2."""
    details: tuple[tuple[str, str], ...] = ()
    classes: tuple[tuple[str, tuple[str, ...], int], ...] = ()
    """SOP classes: UID, UIDs of the instances that failed or need to be named, number of instances."""
    accession_number: str = ""
    anonymized: bool | None = None


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One audit message, before it is written."""

    id: Coded
    action: Action
    actors: tuple[Actor, ...]
    things: tuple[Thing, ...] = ()
    types: tuple[Coded, ...] = ()
    result: Result = Result.SUCCESS
    reason: str = ""
    """Why it failed; no patient data."""
    at: float = field(default_factory=time.time)
    """Seconds since 1970 UTC."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose data it was; both may be empty."""

    patient_id: str = ""
    issuer: str = ""

    @property
    def cx(self) -> str:
        """Identifier and issuer as HL7 joins them."""
        return f"{self.patient_id}^^^{self.issuer}" if self.issuer else self.patient_id


def study(
    uid: str,
    *,
    instances: Mapping[str, Sequence[str]] | None = None,
    accession_number: str = "",
    name_instances: bool = False,
    anonymized: bool | None = None,
) -> Thing:
    """A study; `instances` are SOP Instance UIDs by SOP Class UID, counted, and told one by one with `name_instances`."""
    found = instances or {}
    return Thing(
        id=uid,
        id_type=codes.STUDY_UID,
        name="Study",
        classes=tuple(
            (kind, tuple(uids) if name_instances else (), len(uids)) for kind, uids in found.items()
        ),
        accession_number=accession_number,
        anonymized=anonymized,
    )


def patient(subject: Subject) -> Thing:
    """A patient; the message names the identifier alone."""
    return Thing(
        id=subject.cx or "unidentified", id_type=codes.PATIENT_NUMBER, name="Patient", type="1", role="1"
    )


def started(process: str, *, stopped: bool = False) -> AuditEvent:
    """Application Activity (A.5.3.1): a process of the server began or ended."""
    return AuditEvent(
        id=codes.APPLICATION_ACTIVITY,
        types=(codes.APPLICATION_STOP if stopped else codes.APPLICATION_START,),
        action=Action.EXECUTE,
        actors=(Actor(user_id=process, requestor=False, roles=(codes.APPLICATION,)),),
    )


def signed_in(user: str, address: str, *, refused: str = "", out: bool = False) -> AuditEvent:
    """User Authentication (A.5.3.12): signed in, `out`, or `refused` with the reason."""
    return AuditEvent(
        id=codes.USER_AUTHENTICATION,
        types=(codes.LOGOUT if out else codes.LOGIN,),
        action=Action.EXECUTE,
        result=Result.MINOR_FAILURE if refused else Result.SUCCESS,
        reason=refused,
        actors=(Actor(user_id=user or "unknown", address=address),),
    )


def accessed(
    actor: Actor,
    study_instance_uid: str,
    subject: Subject,
    *,
    action: Action = Action.READ,
    what: str = "",
    failed: str = "",
) -> AuditEvent:
    """DICOM Instances Accessed (A.5.3.6): of one study, and `what` of it was looked at or done; `failed`: why it was not."""
    thing = study(study_instance_uid)
    details = (("access", what),) if what else ()
    return AuditEvent(
        id=codes.INSTANCES_ACCESSED,
        action=action,
        result=Result.SERIOUS_FAILURE if failed else Result.SUCCESS,
        reason=failed,
        actors=(actor,),
        things=(_with_details(thing, details), patient(subject)),
    )


def transferred(
    source: Actor,
    destination: Actor,
    study_instance_uid: str,
    instances: Mapping[str, Sequence[str]],
    subject: Subject,
    *,
    beginning: bool = False,
    failed: str = "",
) -> AuditEvent:
    """Begin Transferring (A.5.3.3) or DICOM Instances Transferred (A.5.3.7), of one study.

    Successes and failures go into messages of their own; with `failed`, the reason, the instances are told one by one.
    """
    return AuditEvent(
        id=codes.BEGIN_TRANSFERRING if beginning else codes.INSTANCES_TRANSFERRED,
        action=Action.EXECUTE if beginning else Action.READ,
        result=Result.SERIOUS_FAILURE if failed else Result.SUCCESS,
        reason=failed,
        actors=(_in_role(source, codes.SOURCE), _in_role(destination, codes.DESTINATION)),
        things=(
            study(study_instance_uid, instances=instances, name_instances=bool(failed)),
            patient(subject),
        ),
    )


def queried(
    source: Actor,
    destination: Actor,
    query: bytes,
    *,
    sop_class_uid: str = "",
    transfer_syntax_uid: str = "",
    asker: Actor | None = None,
) -> AuditEvent:
    """Query (A.5.3.10): `query` is a C-FIND identifier as it was encoded, or the search of an HTTP request.

    `asker` is for whom the source asks.
    """
    of_dicom = bool(sop_class_uid)
    details = (("TransferSyntax", transfer_syntax_uid),) if transfer_syntax_uid else ()
    return AuditEvent(
        id=codes.QUERY,
        action=Action.EXECUTE,
        actors=(
            _in_role(source, codes.SOURCE),
            _in_role(destination, codes.DESTINATION),
            *([] if asker is None else [asker]),
        ),
        things=(
            Thing(
                id=sop_class_uid or "search",
                id_type=codes.SOP_CLASS_UID if of_dicom else codes.SEARCH_CRITERIA,
                query=query,
                role="3" if of_dicom else "24",
                details=details,
            ),
        ),
    )


def exported(
    actor: Actor, to: str, studies: Sequence[Thing], subjects: Sequence[Subject], *, failed: str = ""
) -> AuditEvent:
    """Export (A.5.3.5): studies went to files at `to`, out of the server's care."""
    return AuditEvent(
        id=codes.EXPORT,
        action=Action.READ,
        result=Result.SERIOUS_FAILURE if failed else Result.SUCCESS,
        reason=failed,
        actors=(
            _in_role(actor, codes.SOURCE),
            Actor(user_id=to, requestor=False, roles=(codes.DESTINATION_MEDIA,)),
        ),
        things=(*studies, *(patient(subject) for subject in subjects)),
    )


def patient_changed(
    actor: Actor, subject: Subject, action: Action, *, what: str = "", failed: str = ""
) -> AuditEvent:
    """Patient Record (A.5.3.9): the record of a patient was made, read, changed or deleted; `failed`: why it was not."""
    details = (("change", what),) if what else ()
    return AuditEvent(
        id=codes.PATIENT_RECORD,
        action=action,
        result=Result.SERIOUS_FAILURE if failed else Result.SUCCESS,
        reason=failed,
        actors=(actor,),
        things=(_with_details(patient(subject), details),),
    )


def alert(
    kind: Coded, actor: Actor, description: str, *, result: Result = Result.SERIOUS_FAILURE
) -> AuditEvent:
    """Security Alert (A.5.3.11), of a kind of CID 401."""
    thing = Thing(
        id="dermabooth",
        id_type=codes.NODE_ID,
        name="dermabooth",
        role="13",
        details=(("Alert Description", description),),
    )
    return AuditEvent(
        id=codes.SECURITY_ALERT,
        types=(kind,),
        action=Action.EXECUTE,
        result=result,
        reason="" if result is Result.SUCCESS else description,
        actors=(actor,),
        things=(thing,),
    )


def _in_role(actor: Actor, role: Coded) -> Actor:
    return Actor(**{**vars(actor), "roles": (role,)})


def _with_details(thing: Thing, details: tuple[tuple[str, str], ...]) -> Thing:
    return Thing(**{**vars(thing), "details": details})
