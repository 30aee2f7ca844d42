"""The life of one visit at the booth, as a table."""

from collections.abc import Callable
from enum import StrEnum

from station.errors import InvalidTransition


class SessionState(StrEnum):
    """Where a visit stands."""

    IDLE = "idle"
    """Planned, not begun."""
    SEATING = "seating"
    """The subject takes the pose of the next view."""
    SHOOTING = "shooting"
    """The lights of a view are played."""
    UPLOADING = "uploading"
    """Every still is on the booth's disk; the server does not have all of them yet."""
    DONE = "done"
    """The server has every still."""
    ABORTED = "aborted"
    """Given up by a person."""
    FAILED = "failed"
    """Given up because of an instrument or the disk."""


class SessionEvent(StrEnum):
    """What moves a visit on."""

    SEAT = "seat"
    SHOOT = "shoot"
    FINISH = "finish"
    STORED = "stored"
    ABORT = "abort"
    FAIL = "fail"


_S, _E = SessionState, SessionEvent
TRANSITIONS: dict[tuple[SessionState, SessionEvent], SessionState] = {
    (_S.IDLE, _E.SEAT): _S.SEATING,
    (_S.IDLE, _E.ABORT): _S.ABORTED,
    (_S.IDLE, _E.FAIL): _S.FAILED,
    (_S.SEATING, _E.SHOOT): _S.SHOOTING,
    (_S.SEATING, _E.ABORT): _S.ABORTED,
    (_S.SEATING, _E.FAIL): _S.FAILED,
    (_S.SHOOTING, _E.SEAT): _S.SEATING,
    (_S.SHOOTING, _E.FINISH): _S.UPLOADING,
    (_S.SHOOTING, _E.ABORT): _S.ABORTED,
    (_S.SHOOTING, _E.FAIL): _S.FAILED,
    (_S.UPLOADING, _E.STORED): _S.DONE,
}
ACTIVE = frozenset({_S.IDLE, _S.SEATING, _S.SHOOTING})
"""States in which a further still may be taken."""


class CaptureSession:
    """State of one visit; `moved` is told every new state."""

    def __init__(self, moved: Callable[[SessionState], None] | None = None) -> None:
        self._state = SessionState.IDLE
        self._moved = moved

    @property
    def state(self) -> SessionState:
        """Where the visit stands."""
        return self._state

    @property
    def active(self) -> bool:
        """Whether a further still may be taken."""
        return self._state in ACTIVE

    def move(self, event: SessionEvent) -> SessionState:
        """The state after this event; raises `InvalidTransition` naming both, and stays, if there is none."""
        try:
            self._state = TRANSITIONS[self._state, event]
        except KeyError:
            raise InvalidTransition(f"a visit that is {self._state} cannot {event}") from None
        if self._moved is not None:
            self._moved(self._state)
        return self._state
