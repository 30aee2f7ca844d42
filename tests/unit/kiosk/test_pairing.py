import numpy as np
import pytest

from station.kiosk.pairing import AWAY_S, HOLD_S, FramePairing
from station.protocol import Frame, FrameHeader, Overlay

pytestmark = pytest.mark.unit


def frame(frame_id: int) -> Frame:
    return Frame(FrameHeader(frame_id=frame_id, width=2, height=2), np.zeros((2, 2, 3), np.uint8))


def overlay(frame_id: int) -> Overlay:
    return Overlay(frame_id=frame_id, width=2, height=2)


def taken(pairing: FramePairing, now: float) -> tuple[int, bool] | None:
    found = pairing.take(now)
    return None if found is None else (found[0].header.frame_id, found[1] is not None)


def test_without_overlays_frames_do_not_wait() -> None:
    pairing = FramePairing()
    pairing.add_frame(frame(1), 0.0)
    assert pairing.wait_s(0.0) == 0.0
    assert taken(pairing, 0.0) == (1, False)
    assert taken(pairing, 0.0) is None


def test_an_overlay_brings_out_its_own_frame_and_lets_older_ones_go() -> None:
    pairing = FramePairing()
    pairing.add_overlay(overlay(0), 0.0)
    for number in range(1, 5):
        pairing.add_frame(frame(number), number * 0.05)
    assert taken(pairing, 0.2) is None
    pairing.add_overlay(overlay(3), 0.21)
    assert taken(pairing, 0.21) == (3, True)
    pairing.add_overlay(overlay(2), 0.22)
    assert taken(pairing, 0.22) is None
    pairing.add_overlay(overlay(4), 0.23)
    assert taken(pairing, 0.23) == (4, True)


def test_a_frame_whose_overlay_does_not_come_in_time_is_shown_bare() -> None:
    pairing = FramePairing()
    pairing.add_overlay(overlay(0), 0.0)
    pairing.add_frame(frame(1), 0.1)
    pairing.add_frame(frame(2), 0.2)
    assert pairing.wait_s(0.2) == pytest.approx(HOLD_S - 0.1)
    assert taken(pairing, 0.1 + HOLD_S) == (1, False)
    assert taken(pairing, 0.1 + HOLD_S) is None


def test_after_a_while_without_overlays_frames_stop_waiting() -> None:
    pairing = FramePairing()
    pairing.add_overlay(overlay(0), 0.0)
    pairing.add_frame(frame(1), AWAY_S + 0.1)
    assert taken(pairing, AWAY_S + 0.1) == (1, False)


def test_at_most_16_frames_are_held() -> None:
    pairing = FramePairing()
    pairing.add_overlay(overlay(0), 0.0)
    for number in range(1, 100):
        pairing.add_frame(frame(number), 0.001 * number)
    pairing.add_overlay(overlay(83), 0.2)
    assert taken(pairing, 0.2) is None
    pairing.add_overlay(overlay(84), 0.2)
    assert taken(pairing, 0.2) == (84, True)
