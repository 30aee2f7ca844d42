"""What the kiosk page needs from the booth, and what it shows."""

from enum import StrEnum
from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from station.devices import LatestFrame
from station.kiosk.latest import Latest
from station.protocol import (
    CameraInfo,
    Conditions,
    Light,
    Overlay,
    Patient,
    Preparation,
    QualityReport,
    View,
    VisitProtocol,
)
from station.quality import Guide

_TEXT = r"^[^\\\x00-\x1f\x7f]*$(?!\n)"
"""DICOM text of one value, as `StillOffer.override` takes it."""


class Phase(StrEnum):
    """What the booth is doing."""

    STARTING = "starting"
    """Instruments are being opened."""
    READY = "ready"
    """A visit can start."""
    SHOOTING = "shooting"
    """A visit is under way."""
    FAULT = "fault"
    """An instrument failed; `BoothState.problem` says what to do."""


class Step(StrEnum):
    """Where the operator stands with the visit on the screen; `none` where there is no visit."""

    NONE = "none"
    """Nobody is in the booth."""
    FRAMING = "framing"
    """The subject takes the pose of `VisitStatus.view`; the gate asks for a correction."""
    READY = "ready"
    """The gate is green; the shot comes by itself when it stays so."""
    SHOOTING = "shooting"
    """The lights of a view are played."""
    REVIEW = "review"
    """Every still is on disk; the operator looks at them, takes some again, or finishes."""
    FINISHED = "finished"
    """The visit is closed; nothing of its patient is told any more."""
    ABORTED = "aborted"
    FAILED = "failed"


class StillStage(StrEnum):
    """How far one still of the visit has come."""

    WAITING = "waiting"
    """Not yet its turn."""
    LIGHTING = "lighting"
    """Its light is on, the camera exposes."""
    TAKEN = "taken"
    """On the booth's disk."""
    STORED = "stored"
    """The server has it on disk and in its database."""
    EXAMINED = "examined"
    """The server has given its verdict on quality."""
    ANALYSED = "analysed"
    """Every step of the analysis has ended."""
    FAILED = "failed"
    """Could not be taken or analysed; `StillStatus.message` says why."""


class StillStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One still of the visit, in the order of shooting."""

    view: View
    light: Light
    stage: StillStage = StillStage.WAITING
    sop_instance_uid: str = ""
    """Empty until it is taken."""
    quality: QualityReport | None = None
    """The booth's own report, replaced by the server's verdict once that is known."""
    verdict_from: str = ""
    """`booth` or `server`: whose report `quality` is."""
    analysed: float = 0.0
    """Share of the analysis that has ended at the server, 0 to 1."""
    message: str = ""
    override: str = ""
    """Why it was shot although the gate asked for a correction."""
    taken_again: int = 0
    """How often a later still took the place of an earlier one."""


class VisitStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The visit under way, or the last one."""

    study_instance_uid: str
    opened_at: float
    """Seconds since 1970 UTC."""
    stills: tuple[StillStatus, ...]
    closed: bool = False
    """No further still will be taken."""
    complete: bool = False
    """Every still of the protocol was taken."""
    message: str = ""
    """Why the visit was given up."""
    step: Step = Step.NONE
    patient: Patient = Patient()
    """Empty once the visit is closed."""
    view: View = View.UNSPECIFIED
    """The pose that is asked for now."""
    retaking: int | None = None
    """Index of the still that is taken again; None: the whole view."""
    shoots_in_s: float | None = None
    """Seconds until the shot comes by itself; None: the gate is not green, or only the operator shoots."""
    wanting: tuple[str, ...] = ()
    """What keeps the gate from green, as the operator's sentences, worst first."""
    acclimatised_at: float | None = None
    """When the subject has rested for as long as `[visit] rest_min` asks, seconds since 1970 UTC; None: it does not ask."""


class UplinkStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The connection to the server."""

    connected: bool = False
    refused: str = ""
    """Why the server turned the booth away; empty if it did not."""
    pending: int = 0
    """Stills on the booth's disk that the server has not acknowledged."""
    parked: int = 0
    """Stills and visits that the server will not take as they are, or that are damaged; they stay on the booth's disk."""
    parked_because: str = ""
    """Why, of the first of them."""
    preview_connected: bool = False
    latency_ms: float | None = None
    """Frame taken to overlay back at the booth, median of the last seconds."""
    latency_p95_ms: float | None = None
    """The same, 95th percentile."""
    frames_sent: int = 0
    overlays_received: int = 0
    """Overlays that came back for a frame that was sent."""
    dropped: int = 0
    """Preview frames that were not sent because a newer one came."""


class WorklistEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is expected today."""

    key: str
    """Names the entry in `VisitRequest`."""
    patient: Patient
    scheduled_at: float | None = None
    """Seconds since 1970 UTC."""
    accession_number: str = ""
    description: str = ""
    """Of the procedure."""
    done: bool = False
    """A visit of this entry was finished at this booth."""


class WorklistStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Who is expected today, as last told."""

    configured: bool = False
    entries: tuple[WorklistEntry, ...] = ()
    told_at: float | None = None
    """Seconds since 1970 UTC."""
    problem: str = ""
    """Why there is nothing newer; the entries are those of `told_at`."""


class DiskStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Room on the booth's disk: for stills, or for the camera's own files where that ends sooner."""

    used_bytes: int = 0
    limit_bytes: int = 0
    """The smaller of what the configuration allows and what the disk has."""
    visits_left: int | None = None
    """Whole visits that still fit; None: not known yet."""
    problem: str = ""
    """The operator's sentence while room runs short; empty while there is enough."""


class InstrumentStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One instrument of the booth."""

    name: str
    """`camera`, `lights` or `interlock`; `guidance` while the preview cannot be measured."""
    driver: str
    ready: bool
    detail: str = ""
    """Model and serial, or what is wrong and what to do."""


class CheckPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity of a daily check."""

    name: str
    value: float | None
    reference: float | None
    drift: float | None
    unit: str
    verdict: str
    """`pass`, `warn` or `fail`."""
    advice: str = ""
    warn: float | None = None
    """Drift from which the verdict is `warn`."""
    fail: float | None = None
    """Drift from which it is `fail`."""


class CalibrationStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The calibration that results rest on."""

    record: str = ""
    """Name of the record that holds; empty: none does, and `problem` says why."""
    made_at: float | None = None
    expires_at: float | None = None
    """None: it does not."""
    taken_up_at: float | None = None
    """When the booth, while it ran, last took up other records than before; None: they are those of its start."""
    problem: str = ""
    running: str = ""
    """What a check under way does now: `starting`, the light that it shoots under, `reading`; empty: none is."""
    failed: str = ""
    """Why the last check came to no result, for the operator; empty if it did."""
    checked_at: float | None = None
    verdict: str = ""
    """Of the last daily check: `pass`, `warn`, `fail`; empty: the record that holds was never checked."""
    points: tuple[CheckPoint, ...] = ()
    """Of the same check."""


class CalibrationCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A daily check of the past."""

    at: float
    """Seconds since 1970 UTC."""
    verdict: str
    points: tuple[CheckPoint, ...]


class BoothState(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the kiosk page shows beside the picture."""

    booth_id: str
    phase: Phase
    protocol: VisitProtocol
    problem: str = ""
    """The operator's sentence for a fault; empty if all is well."""
    camera: CameraInfo | None = None
    light: Light | None = None
    """The light that is on now; None: dark."""
    uplink: UplinkStatus = UplinkStatus()
    visit: VisitStatus | None = None
    worklist: WorklistStatus = WorklistStatus()
    disk: DiskStatus = DiskStatus()
    instruments: tuple[InstrumentStatus, ...] = ()
    calibration: CalibrationStatus = CalibrationStatus()
    guides: dict[View, Guide] = {}
    """By view, where the face should be in the picture."""


class VisitRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator enters to start a visit."""

    patient: Patient = Patient()
    preparation: Preparation = Preparation.UNSPECIFIED
    conditions: Conditions = Conditions()
    worklist_key: str = ""
    """The entry of the worklist that this visit is of; empty: somebody who walked in."""


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """What of a still the page wants to see."""

    width: Annotated[int, Meta(ge=64, le=4096)] = 1024
    """Most pixels across."""
    x: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """Left edge of the part, share of the picture's width."""
    y: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """Top edge, share of its height."""
    size: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """Width and height of the part, share of those of the picture; a part that would leave the picture is moved into it."""


class ShootRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The operator shoots now."""

    reason: Annotated[str, Meta(max_length=256, pattern=_TEXT)] = ""
    """Why, although the gate asks for a correction."""


class RetakeRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One still is to be taken again."""

    still: Annotated[int, Meta(ge=0, le=1024)]
    """Index in `VisitStatus.stills`."""


class KioskAgent(Protocol):
    """The booth, as its page needs it. Everything belongs to the event loop of the page."""

    @property
    def preview(self) -> LatestFrame:
        """Preview frames as the camera delivers them."""

    @property
    def overlays(self) -> Latest[Overlay]:
        """Overlays from the server; `frame_id` is that of the booth's own frame."""

    @property
    def hints(self) -> Latest[QualityReport]:
        """Quality of the preview, measured on raw frames."""

    @property
    def state(self) -> Latest[BoothState]:
        """The booth's state, put again whenever any of it changes; holds a value from the start."""

    async def start_visit(self, request: VisitRequest) -> str:
        """Start a visit in the background and return its Study Instance UID.

        Raises `InvalidTransition` while another visit is under way or the booth is not ready, `SpoolFull` if the
        whole visit would not fit on the disk.
        """

    async def abort(self) -> None:
        """Give the visit up: lights dark, no further still. Raises `InvalidTransition` if none is under way."""

    def shoot(self, reason: str) -> None:
        """Shoot the pose now. Raises `InvalidTransition` if it is no time to, or if the gate asks for a correction and
        there is no reason.
        """

    def retake(self, index: int) -> None:
        """Take one still again; raises `InvalidTransition` outside the review."""

    def finish(self) -> None:
        """Close the reviewed visit; raises `InvalidTransition` outside the review."""

    async def ghost(self, view: View) -> bytes | None:
        """PNG of grey lines on transparency: this view at the last visit of whoever is in the chair; None without one."""

    async def still(self, index: int, excerpt: Excerpt) -> bytes | None:
        """JPEG of the newest still of this index; None without one. Raises `InvalidTransition` once the visit is closed."""

    def check_calibration(self) -> None:
        """Begin a check of the calibration; raises `InvalidTransition` during a visit or a check, and without a record."""

    def calibration_history(self) -> tuple[CalibrationCheck, ...]:
        """The checks made so far, newest last."""
