"""A visit as the page shows it."""

from enum import StrEnum

import msgspec

from station.protocol import Light, Patient, QualityReport, View


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
