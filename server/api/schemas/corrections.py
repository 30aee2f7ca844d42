"""What was wrong with a visit or a still, and what became of it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from station.protocol import Order, Patient
from station.protocol.orders import LongText, PersonName


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
