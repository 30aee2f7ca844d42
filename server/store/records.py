"""What the store tells: rows read back into the types of the wire."""

from dataclasses import dataclass, field

import msgspec

from server.config.destinations import ObjectKind
from server.store.patients import patient_key, searchable
from server.store.tables import BoothRow, InstanceRow, MeasureRow, StillRow, VisitRow, WorkRow
from station.protocol import (
    Conditions,
    Encoding,
    Face,
    FrameHeader,
    Measure,
    Order,
    Patient,
    QualityReport,
    StillOffer,
    VisitOpened,
    VisitProtocol,
)

_KINDS = {
    "SEG": ObjectKind.SEGMENTATION,
    "SR": ObjectKind.REPORT,
    "KO": ObjectKind.KEY_OBJECT,
    "DOC": ObjectKind.DOCUMENT,
}


@dataclass(frozen=True)
class Booth:
    """A booth that has said hello; times in seconds since 1970 UTC."""

    booth_id: str
    software: str
    first_seen: float
    last_seen: float


@dataclass(frozen=True)
class Visit:
    """One visit."""

    study_instance_uid: str
    booth_id: str
    opened_at: float
    closed_at: float | None
    complete: bool | None
    """None while the visit is open."""
    patient: Patient
    protocol: VisitProtocol
    expected: tuple[str, ...]
    conditions: Conditions = field(default_factory=Conditions)
    order: Order | None = None
    """What it was ordered as; None: somebody who walked in, to be reconciled."""
    study_now: str = ""
    """Study Instance UID that its objects have: another than its own once it was corrected."""


@dataclass(frozen=True)
class Still:
    """One still that is on disk, with what is known of it so far."""

    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    series_number: int
    instance_number: int
    header: FrameHeader
    encoding: Encoding
    size: int
    sha256: str
    blob: str | None
    received_at: float
    booth_quality: QualityReport | None
    quality: QualityReport | None
    face: Face | None
    face_sought: bool
    """True once a face was looked for."""
    replaces: str | None = None
    """SOP Instance UID of the still that this one was taken again for."""
    override: str = ""
    """Why the operator shot although the booth's gate asked for a correction."""
    rejected_by: str | None = None
    """The correction that rejected it; None: it stands."""


@dataclass(frozen=True)
class Instance:
    """One DICOM object in the archive; `path` is below the archive."""

    sop_instance_uid: str
    still_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sop_class_uid: str
    modality: str
    path: str
    sha256: str
    created_at: float
    kind: str = ""
    """One of `ObjectKind`; empty: what the modality says."""
    released_at: float | None = None
    """When the file was deleted because every destination keeps it; None: it is here."""
    hidden_by: str | None = None
    """The correction that withdrew it, or that it tells of; None: it is shown."""


@dataclass(frozen=True)
class WorkItem:
    """A step that a worker has claimed."""

    id: int
    sop_instance_uid: str
    step: str
    attempts: int
    """Earlier tries that failed."""
    worker: str = ""
    """Whose it is until its lease runs out."""


@dataclass(frozen=True)
class WorkStatus:
    """Where one step of one still stands."""

    sop_instance_uid: str
    step: str
    state: str
    attempts: int
    error: str


@dataclass(frozen=True)
class StepResult:
    """What a step found out; None leaves what was there."""

    quality: QualityReport | None = None
    face_sought: bool = False
    face: Face | None = None
    measures: tuple[Measure, ...] | None = None
    instances: tuple[Instance, ...] = ()
    blob_released: bool = False


def booth_of(row: BoothRow) -> Booth:
    """The record of a row."""
    return Booth(row.booth_id, row.software, row.first_seen, row.last_seen)


def visit_row(booth_id: str, message: VisitOpened) -> VisitRow:
    """The row of a visit that a booth opened."""
    return VisitRow(
        study_instance_uid=message.study_instance_uid,
        booth_id=booth_id,
        opened_at=message.opened_at,
        patient=to_json(message.patient),
        protocol=to_json(message.protocol),
        conditions=to_json(message.conditions),
        patient_key=patient_key(message.patient),
        searched=searchable(message.patient),
        ordered=None if message.order is None else to_json(message.order),
    )


def visit_of(row: VisitRow) -> Visit:
    """The record of a row."""
    return Visit(
        row.study_instance_uid,
        row.booth_id,
        row.opened_at,
        row.closed_at,
        row.complete,
        msgspec.json.decode(row.patient, type=Patient),
        msgspec.json.decode(row.protocol, type=VisitProtocol),
        msgspec.json.decode(row.expected, type=tuple[str, ...]),
        msgspec.json.decode(row.conditions, type=Conditions),
        None if row.ordered is None else msgspec.json.decode(row.ordered, type=Order),
        row.study_now or row.study_instance_uid,
    )


def still_row(offer: StillOffer, blob: str, received_at: float) -> StillRow:
    """The row of a still whose bytes lie at `blob`."""
    return StillRow(
        sop_instance_uid=offer.sop_instance_uid,
        series_instance_uid=offer.series_instance_uid,
        study_instance_uid=offer.study_instance_uid,
        series_number=offer.series_number,
        instance_number=offer.instance_number,
        header=to_json(offer.header),
        encoding=offer.encoding.value,
        size=offer.size,
        sha256=offer.sha256,
        blob=blob,
        received_at=received_at,
        booth_quality=None if offer.booth_quality is None else to_json(offer.booth_quality),
        replaces=offer.replaces,
        override=offer.override,
    )


def still_of(row: StillRow) -> Still:
    """The record of a row."""
    return Still(
        row.sop_instance_uid,
        row.series_instance_uid,
        row.study_instance_uid,
        row.series_number,
        row.instance_number,
        msgspec.json.decode(row.header, type=FrameHeader),
        Encoding(row.encoding),
        row.size,
        row.sha256,
        row.blob,
        row.received_at,
        _report(row.booth_quality),
        _report(row.quality),
        msgspec.json.decode(row.face, type=Face) if row.face else None,
        row.face is not None,
        row.replaces,
        row.override,
        row.rejected_by,
    )


def instance_of(row: InstanceRow) -> Instance:
    """The record of a row."""
    return Instance(**row.model_dump())


def instance_row(instance: Instance) -> InstanceRow:
    """The row of an object."""
    kind = instance.kind or _KINDS.get(instance.modality, ObjectKind.PHOTO)
    return InstanceRow(**{**vars(instance), "kind": kind})


def measure_of(row: MeasureRow) -> Measure:
    """The measure of a row."""
    return Measure(
        region=row.region,
        name=row.name,
        value=row.value,
        unit=row.unit,
        method=row.method,
        reason=row.reason,
    )


def measure_row(sop_instance_uid: str, measure: Measure) -> MeasureRow:
    """The row of a measure of one still."""
    return MeasureRow(sop_instance_uid=sop_instance_uid, **msgspec.structs.asdict(measure))


def status_of(row: WorkRow) -> WorkStatus:
    """The record of a row."""
    return WorkStatus(row.sop_instance_uid, row.step, row.state, row.attempts, row.error)


def _report(text: str | None) -> QualityReport | None:
    return None if text is None else msgspec.json.decode(text, type=QualityReport)


def to_json(value: object) -> str:
    """A message as the text that a row keeps."""
    return msgspec.json.encode(value).decode()
