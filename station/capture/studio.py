"""What a visit is shot with, what comes of it, and who keeps it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from station.capture.preview import Preview
from station.capture.uv import UvGuard
from station.devices import Camera, LightRig
from station.protocol import Frame, QualityReport, VisitClosed, VisitOpened

Examine = Callable[[Frame], Awaitable[QualityReport | None]]


@dataclass(frozen=True, eq=False, kw_only=True)
class TakenStill:
    """A still with the identity it was given at its exposure."""

    frame: Frame
    sop_instance_uid: str
    series_instance_uid: str
    study_instance_uid: str
    series_number: int
    instance_number: int
    booth_quality: QualityReport | None
    replaces: str | None = None
    """The still of the same view and light that this one was taken again for."""
    override: str = ""
    """Why the operator shot although the gate asked for a correction."""


class StillSink(Protocol):
    """Where visits and stills are made durable; every method returns when they are."""

    async def open_visit(self, message: VisitOpened) -> None:
        """Keep the beginning of a visit."""

    async def put(self, still: TakenStill) -> object:
        """Keep a still."""

    async def close_visit(self, message: VisitClosed) -> None:
        """Keep the end of a visit."""


@dataclass(frozen=True)
class Studio:
    """What a visit is shot with."""

    camera: Camera
    lights: LightRig
    preview: Preview
    sink: StillSink
    examine: Examine
    """Quality of a raw still, measured at the booth; None where it cannot be told."""
    ultraviolet: UvGuard | None = None
    """Who answers for ultraviolet light; without it none shines."""
