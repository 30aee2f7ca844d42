"""What of a visit is signed: the reports that stand, and whether anything keeps a person from signing them."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec
from sqlmodel import Session, col, select

from server.config.destinations import ObjectKind
from server.store import finding
from server.store.records import still_of
from server.store.retakes import standing
from server.store.tables import (
    UNFINISHED,
    InstanceRow,
    SignatureRow,
    VisitRow,
    WorkRow,
    WorkState,
)
from station.protocol import is_uid


class Hindrance(StrEnum):
    """Why a visit cannot be signed now."""

    NONE = ""
    OPEN = "open"
    """Pictures are still being taken."""
    CORRECTING = "correcting"
    ANALYSING = "analysing"
    FAILED = "failed"
    """A picture was not analysed."""
    NO_REPORT = "no_report"
    """A picture, or the visit, has no report of measures."""
    DELETED = "deleted"
    """A report's file was deleted here after it was sent."""


class Covered(msgspec.Struct, frozen=True, array_like=True):
    """One still as it is signed."""

    still_uid: str
    report_uid: str
    """SOP Instance UID of its report, which nobody has signed."""
    sha256: str
    """Of that report's file."""
    signed_uid: str = ""
    """SOP Instance UID of the report's verified copy."""


@dataclass(frozen=True)
class Signature:
    """A visit's measures as a person signed them."""

    id: str
    study_instance_uid: str
    """The visit."""
    account: str
    """Subject of the token that it was signed with."""
    name: str
    """Of the person, as PN (PS3.5 section 6.2)."""
    organization: str
    signed_at: float
    """Seconds since 1970 UTC."""
    content: str
    """`Content.digest` of what was signed."""
    covers: tuple[Covered, ...]
    document_uid: str
    """SOP Instance UID of the report for people."""


@dataclass(frozen=True)
class Content:
    """What of a visit would be signed now."""

    covers: tuple[Covered, ...]
    """The stills that stand and have a report, in the order they were shot."""
    hindrance: Hindrance

    @property
    def digest(self) -> str:
        """Changes with every picture and every report: SHA-256 as hex."""
        return hashlib.sha256(msgspec.json.encode(self.covers)).hexdigest()


def content(session: Session, visit: VisitRow) -> Content:
    """What of a visit would be signed now; of a picture that was analysed again, the newest report."""
    shot = finding.stills(session, visit.study_instance_uid)
    stills = [one.sop_instance_uid for one in standing([still_of(row) for row in shot])]
    reports = _reports(session, visit, stills)
    found = [
        Covered(uid, reports[uid].sop_instance_uid, reports[uid].sha256) for uid in stills if uid in reports
    ]
    return Content(tuple(found), _hindrance(session, visit, stills, reports.values()))


def signatures(session: Session, study_instance_uid: str) -> Sequence[SignatureRow]:
    """The signatures of a visit, newest first."""
    query = (
        select(SignatureRow)
        .where(SignatureRow.study_instance_uid == study_instance_uid)
        .order_by(col(SignatureRow.signed_at).desc(), col(SignatureRow.id))
    )
    return session.exec(query).all()


def covering(session: Session, study_instance_uid: str, still_uid: str) -> list[str]:
    """SOP Instance UIDs of the signed documents that show a still."""
    found = [signature_of(row) for row in signatures(session, study_instance_uid)]
    return [one.document_uid for one in found if any(still_uid == c.still_uid for c in one.covers)]


def signature_of(row: SignatureRow) -> Signature:
    """The record of a row; raises `ValueError` or `msgspec.MsgspecError` for a damaged one."""
    covers = msgspec.json.decode(row.covers, type=tuple[Covered, ...])
    uids = [uid for one in covers for uid in (one.still_uid, one.report_uid, one.signed_uid)]
    if not all(map(is_uid, (row.id, row.document_uid, *uids))):
        raise ValueError("a signature names something that is no UID")
    return Signature(
        id=row.id,
        study_instance_uid=row.study_instance_uid,
        account=row.account,
        name=row.name,
        organization=row.organization,
        signed_at=row.signed_at,
        content=row.content,
        covers=covers,
        document_uid=row.document_uid,
    )


def signature_row(signature: Signature) -> SignatureRow:
    """The row of a record."""
    columns = {**vars(signature), "covers": msgspec.json.encode(signature.covers).decode()}
    return SignatureRow(**columns)


def _reports(session: Session, visit: VisitRow, stills: Sequence[str]) -> dict[str, InstanceRow]:
    """The newest report of each still that nobody has signed, by still."""
    signed = {
        one.signed_uid
        for row in signatures(session, visit.study_instance_uid)
        for one in signature_of(row).covers
    }
    query = (
        select(InstanceRow)
        .where(col(InstanceRow.still_uid).in_(stills), InstanceRow.kind == ObjectKind.REPORT.value)
        .where(col(InstanceRow.hidden_by).is_(None))
        .order_by(col(InstanceRow.created_at), col(InstanceRow.sop_instance_uid))
    )
    return {one.still_uid: one for one in session.exec(query) if one.sop_instance_uid not in signed}


def _hindrance(
    session: Session, visit: VisitRow, stills: Sequence[str], reports: Iterable[InstanceRow]
) -> Hindrance:
    work = set(session.exec(select(WorkRow.state).where(col(WorkRow.sop_instance_uid).in_(stills))))
    there = list(reports)
    tests = (
        (Hindrance.OPEN, visit.closed_at is None),
        (Hindrance.CORRECTING, finding.is_being_corrected(session, visit.study_instance_uid)),
        (Hindrance.ANALYSING, bool(work & set(UNFINISHED))),
        (Hindrance.FAILED, WorkState.FAILED in work),
        (Hindrance.NO_REPORT, not stills or len(there) < len(stills)),
        (Hindrance.DELETED, any(one.released_at is not None for one in there)),
    )
    return next((hindrance for hindrance, holds in tests if holds), Hindrance.NONE)
