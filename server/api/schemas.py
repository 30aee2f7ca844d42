"""The JSON of the HTTP interface."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from server.api.board import LivePreview
from station.protocol import (
    CameraInfo,
    Conditions,
    Dermoscope,
    Exposure,
    Face,
    Light,
    Measure,
    Order,
    OrderEntry,
    Patient,
    Preparation,
    QualityReport,
    Verdict,
    View,
)
from station.protocol.orders import LongText, PersonName


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the server does its work."""

    status: str
    """`ok` or `degraded`."""
    version: str
    checks: dict[str, bool]
    """Each part that was asked, and whether it answered."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of a one-time code and a token; a token may also come as `Authorization: Bearer`."""

    code: str = ""
    token: str = ""


class PersonInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A person."""

    name: str
    """As PN: Family^Given."""
    organization: str


class SessionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in."""

    subject: str
    scopes: tuple[str, ...]
    person: PersonInfo | None = None
    """Whom the token names."""


class PatientSaid(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A patient with everything that is known of them."""

    patient_id: LongText
    issuer_of_patient_id: LongText
    patient_name: PersonName
    patient_birth_date: Annotated[str, Meta(pattern=r"^([0-9]{8})?$(?!\n)")]
    patient_sex: Annotated[str, Meta(pattern=r"^[MFO]?$(?!\n)")]


class OrderSaid(Order, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An order, as `GET /api/orders` tells it."""


Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$(?!\n)")]


class CorrectVisit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was wrong with a visit."""

    kind: Literal["patient", "merge", "move", "order"]
    """`patient`: details are wrong, in every visit under this ID. `merge`: this ID is another ID's person. `move`: somebody
    else was photographed. `order`: this is what it was ordered as.
    """
    seen: Patient
    """The visit's patient as the caller saw it."""
    patient: PatientSaid
    """Who it is."""
    order: OrderSaid | None = None
    reason: Reason


class RejectStill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a still is no good."""

    cause: Literal[
        "motion_blur",
        "under_exposed",
        "over_exposed",
        "positioning",
        "artifact",
        "other",
        "patient_safety",
        "worklist_entry",
        "retention",
    ]
    reason: Reason


class CorrectionInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One correction of one visit; times in seconds since 1970 UTC."""

    id: str
    kind: str
    """`patient`, `merge`, `move`, `order` or `reject`."""
    study_instance_uid: str
    """The visit."""
    still_uid: str | None
    """The still that is rejected; None: all of the visit is corrected."""
    requested_by: str
    requested_at: float
    cause: str
    reason: str
    before: Patient
    after: Patient
    order_before: Order | None
    order_after: Order | None
    study_before: str
    """Study Instance UID of what is withdrawn."""
    study_after: str
    """Study Instance UID of what comes in its place."""
    state: str
    """`waiting`, `running`, `done` or `failed`."""
    error: str
    """What it waits for, or why it was given up."""
    ended_at: float | None


class CorrectionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Corrections, newest first."""

    corrections: tuple[CorrectionInfo, ...]


class OrderPage(msgspec.Struct, frozen=True, kw_only=True):
    """The hospital's worklist."""

    told_at: float | None
    """When it was told; None: there is none."""
    entries: tuple[OrderEntry, ...]


class VisitSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One visit in the list."""

    study_instance_uid: str
    booth_id: str
    opened_at: float
    closed_at: float | None
    complete: bool | None
    patient: Patient
    protocol: str
    preparation: Preparation
    expected: int
    """Stills that the visit has when complete; one that was taken again counts once."""
    stored: int
    verdict: Verdict | None
    """Worst verdict of its stills; None: none is known yet."""
    cover: str | None
    """SOP Instance UID of the still that stands for the visit."""
    ordered: bool
    """Whether an order is known of it; otherwise somebody walked in, and the visit is to be reconciled."""


class LastStill(msgspec.Struct, frozen=True, kw_only=True):
    """The last still of a booth, with the verdict on it."""

    sop_instance_uid: str
    study_instance_uid: str
    view: View
    light: Light
    captured_at: float
    verdict: Verdict | None
    """The server's; the booth's own until that is known; None: neither."""
    by_server: bool
    """Whether the verdict is the server's."""


class BoothInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One booth and its live state; times in seconds since 1970 UTC."""

    booth_id: str
    software: str
    first_seen: float
    last_seen: float
    connected: bool | None
    """Whether its uplink is open; None: not known since the server started."""
    preview: LivePreview | None
    """Its live picture; None: none is sent."""
    last_visit: VisitSummary | None
    last_still: LastStill | None
    """Of this visit, or of the last one that a still has arrived of."""


class VisitPage(msgspec.Struct, frozen=True, kw_only=True):
    """Visits, newest first."""

    visits: tuple[VisitSummary, ...]
    next_before: float | None
    """Ask with `before` set to this for older ones; None: these were the last."""


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


class StillMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of one still."""

    sop_instance_uid: str
    view: View
    light: Light
    measures: tuple[Measure, ...]


class VisitMeasures(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of a visit."""

    study_instance_uid: str
    stills: tuple[StillMeasures, ...]
    """Of the stills that stand; those that were taken again are left out unless asked for."""


class PastStill(msgspec.Struct, frozen=True, kw_only=True):
    """A still of a person's history."""

    sop_instance_uid: str
    study_instance_uid: str
    booth_id: str
    captured_at: float
    width: int
    height: int
    verdict: Verdict | None


class MeasureSeries(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of one region over the stills of a history."""

    name: str
    region: str
    unit: str
    values: tuple[float | None, ...]
    """By still; None: not measured there."""
    methods: tuple[str, ...]
    """What each value was measured with; values of two methods need not compare."""
    smallest_change: float | None
    """Smallest detectable change in this unit, 95 %; None: the repeatability of this measure is not known."""


class StillHistory(msgspec.Struct, frozen=True, kw_only=True):
    """The stills of the same person, view and light, oldest first."""

    sop_instance_uid: str
    """The still that was asked for."""
    known_patient: bool
    """Whether the patient has an ID, by which other visits are found."""
    points: tuple[PastStill, ...]
    series: tuple[MeasureSeries, ...]


class StillAlignment(msgspec.Struct, frozen=True, kw_only=True):
    """How an earlier still lies on a later one."""

    good: bool
    """Whether one may be laid over the other."""
    reason: str = ""
    """Why not: `no_face`, `few_points`, `offset`, `implausible` or `not_ready`."""
    matrix: tuple[float, float, float, float, float, float] | None = None
    """a, b, c, d, e, f as a canvas takes them, from px of the earlier still to px of the later; None: none was found."""
    offset_pct: float | None = None
    """Offset that three quarters of the face's parts stay under, % of its width; None: no part was found again."""
    points: int = 0
    """Points of the skin that agree."""
    turn_deg: float = 0.0
    """Clockwise."""
    scale: float = 1.0
