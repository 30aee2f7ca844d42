"""The visit's table of states."""

import itertools

import pytest

from station.capture import TRANSITIONS, CaptureSession, SessionEvent, SessionState
from station.errors import InvalidTransition

pytestmark = pytest.mark.unit

E = SessionEvent


def test_a_visit_of_two_views() -> None:
    seen: list[SessionState] = []
    session = CaptureSession(seen.append)
    for event in (E.SEAT, E.SHOOT, E.SEAT, E.SHOOT, E.FINISH, E.STORED):
        session.move(event)
    assert [state.value for state in seen] == [
        "seating",
        "shooting",
        "seating",
        "shooting",
        "uploading",
        "done",
    ]
    assert not session.active


@pytest.mark.parametrize(("state", "event"), list(itertools.product(SessionState, SessionEvent)))
def test_every_pair_moves_or_names_both(state: SessionState, event: SessionEvent) -> None:
    session = CaptureSession()
    session._state = state
    if (state, event) in TRANSITIONS:
        assert session.move(event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(InvalidTransition, match=rf"{state}.*{event}"):
            session.move(event)
        assert session.state is state


def test_every_state_can_be_reached_and_ends() -> None:
    reached = {SessionState.IDLE} | set(TRANSITIONS.values())
    assert reached == set(SessionState)
    ends = {SessionState.DONE, SessionState.ABORTED, SessionState.FAILED}
    assert not ends & {state for state, _ in TRANSITIONS}
