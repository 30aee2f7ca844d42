"""A visit with its stills, and what is known of each."""

import msgspec

from server.api.schemas.corrections import CorrectionInfo
from server.api.schemas.visits import VisitSummary
from station.protocol import (
    CameraInfo,
    Conditions,
    Dermoscope,
    Exposure,
    Face,
    Light,
    Order,
    QualityReport,
    Verdict,
    View,
)


class StepInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the analysis of a still."""

    step: str
    state: str
    attempts: int
    error: str


class InstanceInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A DICOM object that was written for a still."""

    sop_instance_uid: str
    sop_class_uid: str
    modality: str
    created_at: float


class StillInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One still with what is known of it."""

    sop_instance_uid: str
    study_instance_uid: str
    series_number: int
    instance_number: int
    view: View
    light: Light
    width: int
    height: int
    bit_depth: int
    captured_at: float
    received_at: float
    exposure: Exposure | None
    camera: CameraInfo | None
    dermoscope: Dermoscope | None
    """What the camera looked through at a piece of skin; None: nothing."""
    px_per_mm: float | None
    calibration: str | None
    face: Face | None
    face_sought: bool
    verdict: Verdict | None
    picture: bool
    """Whether its picture can be shown."""
    layers: tuple[str, ...]
    """Names of the layers that can be shown."""
    replaces: str | None
    """SOP Instance UID of the still that this one was taken again for."""
    replaced_by: str | None
    """SOP Instance UID of the still that was taken again for this one; None: this one stands."""
    override: str
    """Why the operator shot although the booth's gate asked for a correction; empty: it did not."""
    rejected: bool
    """Whether somebody has rejected it."""
    steps: tuple[StepInfo, ...]
    instances: tuple[InstanceInfo, ...]


class VisitDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A visit with its stills, in the order of its protocol."""

    visit: VisitSummary
    conditions: Conditions
    """How skin and room were before the pictures."""
    order: Order | None
    """What it was ordered as."""
    stills: tuple[StillInfo, ...]
    """The newest of each view and light."""
    replaced: tuple[StillInfo, ...]
    """The stills that were taken again, each with its `replaced_by`."""
    rejected: tuple[StillInfo, ...]
    """The stills that were rejected; the corrections say why."""
    corrections: tuple[CorrectionInfo, ...]
    """Newest first, at most 50."""


class StillQuality(msgspec.Struct, frozen=True, kw_only=True):
    """Both quality reports of a still; the server's is the verdict."""

    booth: QualityReport | None
    server: QualityReport | None
