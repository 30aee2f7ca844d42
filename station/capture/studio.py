"""What a visit is shot with, and who keeps what comes of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from station.capture.preview import Preview
from station.capture.uv import UvGuard
from station.devices import Camera, LightRig
from station.protocol import Frame, QualityReport, VisitClosed, VisitOpened
from station.still import TakenStill

Examine = Callable[[Frame], Awaitable[QualityReport | None]]


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
