"""Rows of the database. Built from validated messages only; `records` holds what the rest of the server sees."""

from enum import StrEnum

from sqlalchemy import Column, Index, Text, UniqueConstraint
from sqlmodel import Field, SQLModel


class WorkState(StrEnum):
    """Where a step of a still stands."""

    BLOCKED = "blocked"
    """An earlier step of the same still has not ended."""
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Given up after a fault that repeating does not mend."""


UNFINISHED = (WorkState.BLOCKED, WorkState.READY, WorkState.RUNNING)


def _text() -> Column[str]:
    return Column(Text, nullable=False)


class BoothRow(SQLModel, table=True):
    """A booth that has said hello."""

    __tablename__ = "booth"

    booth_id: str = Field(primary_key=True, max_length=32)
    software: str = ""
    first_seen: float
    last_seen: float


class VisitRow(SQLModel, table=True):
    """One visit, one DICOM Study."""

    __tablename__ = "visit"

    study_instance_uid: str = Field(primary_key=True, max_length=64)
    booth_id: str = Field(foreign_key="booth.booth_id", max_length=32)
    opened_at: float = Field(index=True)
    closed_at: float | None = None
    complete: bool | None = None
    patient: str = Field(sa_column=_text())
    """`Patient` as JSON."""
    protocol: str = Field(sa_column=_text())
    """`VisitProtocol` as JSON."""
    expected: str = Field(default="[]", sa_column=_text())
    """SOP Instance UIDs that `VisitClosed` names, as JSON."""
    conditions: str = Field(default="{}", sa_column=Column(Text, nullable=False, server_default="{}"))
    """`Conditions` as JSON."""
    patient_key: str = Field(default="", max_length=160, index=True, sa_column_kwargs={"server_default": ""})
    searched: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    """Name and ID of the patient, folded (`patients.searchable`)."""
    ordered: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """`Order` as JSON; None: somebody who walked in, until the visit is reconciled with an order."""
    study_now: str | None = Field(default=None, max_length=64, index=True)
    """Study Instance UID that its objects have since it was corrected; None: its own."""


class StillRow(SQLModel, table=True):
    """One still that is on disk."""

    __tablename__ = "still"

    sop_instance_uid: str = Field(primary_key=True, max_length=64)
    series_instance_uid: str = Field(max_length=64)
    study_instance_uid: str = Field(foreign_key="visit.study_instance_uid", max_length=64, index=True)
    series_number: int
    instance_number: int
    header: str = Field(sa_column=_text())
    """`FrameHeader` as JSON."""
    encoding: str = Field(max_length=16)
    size: int
    sha256: str = Field(max_length=64)
    blob: str | None = None
    """Transport bytes, path below the archive; None once the DICOM photo has replaced them."""
    received_at: float = Field(index=True)
    booth_quality: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    quality: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """`QualityReport` of the server as JSON."""
    face: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """`Face` as JSON; the empty string: looked for and not found."""
    replaces: str | None = Field(default=None, max_length=64)
    """SOP Instance UID of the still that this one was taken again for; it may not have arrived."""
    override: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=""))
    rejected_by: str | None = Field(default=None, max_length=64)
    """The correction that rejected it; None: it stands."""


class WorkRow(SQLModel, table=True):
    """One step of the analysis of one still."""

    __tablename__ = "work"
    __table_args__ = (
        UniqueConstraint("sop_instance_uid", "step"),
        Index("work_to_do", "state", "not_before"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sop_instance_uid: str = Field(foreign_key="still.sop_instance_uid", max_length=64)
    step: str = Field(max_length=32)
    position: int
    state: str = Field(default=WorkState.BLOCKED, max_length=16)
    attempts: int = 0
    not_before: float = 0.0
    worker: str = Field(default="", max_length=64)
    lease_until: float = 0.0
    error: str = Field(default="", max_length=512)


class InstanceRow(SQLModel, table=True):
    """One DICOM object in the archive."""

    __tablename__ = "instance"

    sop_instance_uid: str = Field(primary_key=True, max_length=64)
    still_uid: str = Field(foreign_key="still.sop_instance_uid", max_length=64, index=True)
    study_instance_uid: str = Field(max_length=64, index=True)
    series_instance_uid: str = Field(max_length=64)
    sop_class_uid: str = Field(max_length=64)
    modality: str = Field(max_length=16)
    path: str
    """Below the archive."""
    sha256: str = Field(max_length=64)
    created_at: float
    kind: str = Field(max_length=16, sa_column_kwargs={"server_default": "photo"})
    """One of `ObjectKind`."""
    released_at: float | None = None
    """When the file was deleted because every destination keeps the object; None: it is here."""
    hidden_by: str | None = Field(default=None, max_length=64)
    """The correction that withdrew it, or that it tells of; None: it is shown."""


class CorrectionKind(StrEnum):
    """What was wrong with a visit."""

    PATIENT = "patient"
    """What is known of the patient, in every visit under this patient ID."""
    MERGE = "merge"
    """The patient ID, in every visit under it: it is another ID's person."""
    MOVE = "move"
    """The patient of this visit: somebody else was photographed."""
    ORDER = "order"
    """The order of this visit, and the patient as that order has them."""
    REJECT = "reject"
    """One still."""


class CorrectionState(StrEnum):
    """Where a correction stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Given up: nothing has changed."""


WHOLE_RECORD = (CorrectionKind.PATIENT, CorrectionKind.MERGE)
"""Kinds that concern every visit under the patient's ID, and leave its order."""
OPEN_CORRECTION = (CorrectionState.WAITING, CorrectionState.RUNNING)


class CorrectionRow(SQLModel, table=True):
    """One correction of one visit."""

    __tablename__ = "correction"
    __table_args__ = (Index("correction_to_do", "state", "study_before"),)

    id: str = Field(primary_key=True, max_length=64)
    """A UID, from which those of everything that is made for it follow."""
    kind: str = Field(max_length=16)
    study_instance_uid: str = Field(foreign_key="visit.study_instance_uid", max_length=64, index=True)
    """The visit."""
    still_uid: str | None = Field(default=None, foreign_key="still.sop_instance_uid", max_length=64)
    """What is rejected; None: all of the visit."""
    requested_by: str = Field(max_length=64)
    requested_at: float = Field(index=True)
    cause: str = Field(max_length=32)
    """One of `Cause`."""
    reason: str = Field(max_length=512)
    before: str = Field(sa_column=_text())
    """`Whose` as JSON."""
    after: str = Field(sa_column=_text())
    study_before: str = Field(max_length=64)
    """Study Instance UID of the objects that it withdraws."""
    study_after: str = Field(max_length=64)
    """Study Instance UID of what comes in their place."""
    state: str = Field(default=CorrectionState.WAITING, max_length=16)
    attempts: int = 0
    not_before: float = 0.0
    worker: str = Field(default="", max_length=96)
    lease_until: float = 0.0
    error: str = Field(default="", max_length=512)
    ended_at: float | None = None


class SignatureRow(SQLModel, table=True):
    """The measures of one visit, signed by a person."""

    __tablename__ = "signature"

    id: str = Field(primary_key=True, max_length=64)
    """A UID, from which those of everything that is made for it follow."""
    study_instance_uid: str = Field(foreign_key="visit.study_instance_uid", max_length=64, index=True)
    """The visit."""
    account: str = Field(max_length=64)
    """Subject of the token that it was signed with."""
    name: str = Field(max_length=324)
    """Of the person, as PN."""
    organization: str = Field(max_length=64)
    signed_at: float
    content: str = Field(max_length=64)
    """`Content.digest` of what was signed."""
    covers: str = Field(sa_column=_text())
    """`Covered` of every still, as JSON."""
    document_uid: str = Field(max_length=64)
    """SOP Instance UID of the report for people."""


class MeasureRow(SQLModel, table=True):
    """One number about the skin of one region of one still."""

    __tablename__ = "measure"

    id: int | None = Field(default=None, primary_key=True)
    sop_instance_uid: str = Field(foreign_key="still.sop_instance_uid", max_length=64, index=True)
    region: str = Field(max_length=64)
    name: str = Field(max_length=64)
    value: float | None = None
    unit: str = Field(max_length=32)
    method: str = Field(max_length=64)
    reason: str = Field(default="", max_length=256)
