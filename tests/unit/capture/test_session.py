"""The visit's table of states."""

import itertools
from pathlib import Path

import pytest

from station.capture import TRANSITIONS, CaptureSession, SessionEvent, SessionState
from station.capture.session import ACTIVE
from station.errors import InvalidTransition

pytestmark = pytest.mark.unit

E = SessionEvent


def test_a_visit_of_two_views_with_a_pose_lost_and_a_still_taken_again() -> None:
    seen: list[SessionState] = []
    session = CaptureSession(seen.append)
    first = (E.FRAME, E.GREEN, E.LOSE, E.GREEN, E.SHOOT)
    for event in (*first, E.FRAME, E.SHOOT, E.REVIEW, E.RETAKE, E.SHOOT, E.REVIEW, E.FINISH, E.STORED):
        session.move(event)
    assert [state.value for state in seen] == [
        *("framing", "ready", "framing", "ready", "shooting"),
        *("framing", "shooting", "review"),
        *("framing", "shooting", "review"),
        *("uploading", "done"),
    ]
    assert not session.active


@pytest.mark.parametrize("state", [state for state in SessionState if state in ACTIVE])
def test_a_visit_can_be_given_up_and_can_fail_wherever_it_stands(state: SessionState) -> None:
    assert TRANSITIONS[state, E.ABORT] is SessionState.ABORTED
    assert TRANSITIONS[state, E.FAIL] is SessionState.FAILED


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


def test_the_reference_has_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/capture.md").read_text()
    rows = {tuple(cell.strip() for cell in row.strip("|").split("|")) for row in page.splitlines()}
    told = {
        row for row in rows if len(row) == 3 and row[0] in set(SessionState) and row[2] in set(SessionState)
    }
    assert told == {(state, event, then) for (state, event), then in TRANSITIONS.items()}
