"""A still between the camera and the booth's disk."""

from dataclasses import dataclass

from station.protocol import Frame, QualityReport


@dataclass(frozen=True, eq=False, kw_only=True)
class TakenStill:
    """A frame with the identity that it was given at its exposure."""

    frame: Frame
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    series_number: int
    instance_number: int
    booth_quality: QualityReport | None = None
    """As measured at the booth; None where it cannot be told."""
    replaces: str | None = None
    """The still of the same view and light that this one was taken again for."""
    override: str = ""
    """Why the operator shot although the gate asked for a correction."""
