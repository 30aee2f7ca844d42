"""What holds a shot back, and which reports are on the pose that is asked for."""

import pytest

from station.capture import GATING, PoseWatch, wanting
from station.capture.gate import UNTOLD
from station.protocol import FrameHeader, Light, Verdict, View
from station.quality import MEASURES
from tests.fixtures.capture_room import a_report

pytestmark = pytest.mark.unit


def header(frame_id: int, view: View) -> FrameHeader:
    return FrameHeader(frame_id=frame_id, width=4, height=4, light=Light.WHITE, view=view)


def test_every_gating_measure_is_a_measure() -> None:
    assert GATING <= MEASURES


@pytest.mark.parametrize("name", sorted(MEASURES))
def test_what_the_subject_can_set_right_holds_back_and_nothing_else(name: str) -> None:
    assert wanting(a_report((name, Verdict.PASS))) == ()
    assert wanting(a_report((name, Verdict.UNKNOWN))) == ((UNTOLD,) if name == "framing" else ())
    for verdict in (Verdict.WARN, Verdict.FAIL):
        assert wanting(a_report((name, verdict))) == ((f"Mend {name}.",) if name in GATING else ())


def test_sentences_come_worst_first_and_once() -> None:
    report = a_report(
        ("framing", Verdict.WARN),
        ("motion", Verdict.FAIL),
        ("framing", Verdict.WARN),
        ("noise", Verdict.FAIL),
    )
    assert wanting(report) == ("Mend motion.", "Mend framing.")


def test_a_report_counts_from_the_one_after_the_first_frame_of_the_pose() -> None:
    watch = PoseWatch(View.LEFT_45, header(10, View.FRONT))
    assert not watch.reported(header(10, View.FRONT))
    assert not watch.reported(header(11, View.FRONT))
    assert not watch.reported(header(12, View.LEFT_45))  # may have been begun on frame 11
    assert watch.reported(header(12, View.LEFT_45))
    assert watch.reported(header(13, View.LEFT_45))


def test_a_frame_of_the_pose_from_before_it_was_asked_for_does_not_count() -> None:
    watch = PoseWatch(View.FRONT, header(10, View.FRONT))
    assert not any(watch.reported(header(10, View.FRONT)) for _ in range(3))
    assert not watch.reported(header(11, View.FRONT))
    assert watch.reported(header(11, View.FRONT))


def test_no_frame_is_no_pose() -> None:
    watch = PoseWatch(View.FRONT, None)
    assert not any(watch.reported(None) for _ in range(3))
