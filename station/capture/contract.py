"""What a visit is told, and whom it tells: takes, orders, who leads it and who listens."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from station.protocol import Order, Patient
from station.still import TakenStill

if TYPE_CHECKING:
    from station.capture.visit import Visit


@dataclass(frozen=True)
class Take:
    """What is shot next: every light of a view, or one still again."""

    view: int
    """Index within the views of the protocol."""
    still: int | None = None
    """Index of the still that is taken again, in the order of shooting; None: the whole view."""


@dataclass(frozen=True)
class Ordered:
    """What a visit was ordered as."""

    patient: Patient
    order: Order
    study_instance_uid: str | None
    """The UID that the visit has to take; None: a new one."""


class VisitListener(Protocol):
    """Who is told how a visit goes on; `index` counts the stills of the protocol in the order of shooting."""

    def session_moved(self, visit: "Visit") -> None:
        """The visit has another state."""

    def still_lighting(self, visit: "Visit", index: int) -> None:
        """The still's light goes on."""

    def still_taken(self, visit: "Visit", index: int, still: TakenStill) -> None:
        """The still is on disk."""

    def still_lost(self, visit: "Visit", index: int, why: str) -> None:
        """The still was exposed and could not be kept."""

    def still_refused(self, visit: "Visit", index: int, why: str) -> None:
        """The still is left out, because its light may not shine."""


class Pace(Protocol):
    """Who leads a visit from its first view to its end."""

    async def lead(self, visit: "Visit") -> None:
        """Ask for each take, shoot it, and return when the session is no longer active."""
