"""Visits in a list, the booths that made them, and the hospital's worklist."""

import msgspec

from server.api.board import LivePreview
from station.protocol import Light, OrderEntry, Patient, Preparation, Verdict, View


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
    """SOP Instance UID of the still whose picture stands for the visit; None: none can be shown yet."""
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
    picture: bool
    """Whether its picture can be shown."""


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
