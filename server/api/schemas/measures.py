"""Measures of stills and visits, and their history."""

import msgspec

from station.protocol import Light, Measure, Verdict, View


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
