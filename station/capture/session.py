"""The life of one visit at the booth, as a table."""

from collections.abc import Callable
from enum import StrEnum

from station.errors import InvalidTransition


class SessionState(StrEnum):
    """Where a visit stands."""

    IDLE = "idle"
    """The patient is chosen, nothing is asked of them yet."""
    FRAMING = "framing"
    """The subject takes the pose of a view."""
    READY = "ready"
    """The pose is right."""
    SHOOTING = "shooting"
    """The lights of a view are played."""
    REVIEW = "review"
    """Every still of the protocol is on the booth's disk; the operator looks at them."""
    UPLOADING = "uploading"
    """The visit is closed; the server does not have all of its stills yet."""
    DONE = "done"
    """The server has every still."""
    ABORTED = "aborted"
    """Closed before its end, by a person or because nobody went on."""
    FAILED = "failed"
    """Given up because of an instrument or the disk."""


class SessionEvent(StrEnum):
    """What moves a visit on."""

    FRAME = "frame"
    """A pose is asked for."""
    GREEN = "turn green"
    """The gate finds the pose right."""
    LOSE = "lose the pose"
    """The gate asks for a correction again."""
    SHOOT = "shoot"
    REVIEW = "be reviewed"
    RETAKE = "retake"
    """One still is to be taken again."""
    FINISH = "finish"
    EXPIRE = "expire"
    """Nobody went on."""
    STORED = "be stored"
    ABORT = "abort"
    FAIL = "fail"


_S, _E = SessionState, SessionEvent
TRANSITIONS: dict[tuple[SessionState, SessionEvent], SessionState] = {
    (_S.IDLE, _E.FRAME): _S.FRAMING,
    (_S.FRAMING, _E.GREEN): _S.READY,
    (_S.FRAMING, _E.SHOOT): _S.SHOOTING,
    (_S.FRAMING, _E.EXPIRE): _S.ABORTED,
    (_S.READY, _E.LOSE): _S.FRAMING,
    (_S.READY, _E.SHOOT): _S.SHOOTING,
    (_S.READY, _E.EXPIRE): _S.ABORTED,
    (_S.SHOOTING, _E.FRAME): _S.FRAMING,
    (_S.SHOOTING, _E.REVIEW): _S.REVIEW,
    (_S.REVIEW, _E.RETAKE): _S.FRAMING,
    (_S.REVIEW, _E.FINISH): _S.UPLOADING,
    (_S.REVIEW, _E.EXPIRE): _S.UPLOADING,
    (_S.UPLOADING, _E.STORED): _S.DONE,
    **{
        (state, event): end
        for state in (_S.IDLE, _S.FRAMING, _S.READY, _S.SHOOTING, _S.REVIEW)
        for event, end in ((_E.ABORT, _S.ABORTED), (_E.FAIL, _S.FAILED))
    },
}
ACTIVE = frozenset({_S.IDLE, _S.FRAMING, _S.READY, _S.SHOOTING, _S.REVIEW})
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

    def check(self, event: SessionEvent) -> SessionState:
        """The state that this event would lead to; raises `InvalidTransition` naming state and event if there is none."""
        try:
            return TRANSITIONS[self._state, event]
        except KeyError:
            raise InvalidTransition(f"a visit that is {self._state} cannot {event}") from None

    def move(self, event: SessionEvent) -> SessionState:
        """The state after this event; raises `InvalidTransition` naming both, and stays, if there is none."""
        self._state = self.check(event)
        if self._moved is not None:
            self._moved(self._state)
        return self._state
