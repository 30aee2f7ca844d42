"""Pose, framing and distance."""

import numpy as np
import pytest

from station.protocol import Box, Face, Frame, FrameHeader
from station.quality import (
    Baseline,
    Guide,
    against_baseline,
    face_box,
    framing,
    framing_elsewhere,
    head_pose,
    pose_against_guide,
)
from station.quality.advice import sentence
from tests.fixtures.geometry import turned_face

pytestmark = pytest.mark.unit

BOX = Box(220, 150, 200, 200)


def blank(width: int = 640, height: int = 480) -> Frame:
    header = FrameHeader(frame_id=0, width=width, height=height)
    return Frame(header, np.zeros((height, width, 3), np.uint8))


@pytest.mark.parametrize(
    "turn", [(0, 0, 0), (12, 0, 0), (-12, 0, 0), (0, 9, 0), (0, -9, 0), (0, 0, 15), (-8, 6, 4)]
)
def test_a_known_turn_is_read_back(turn: tuple[float, float, float]) -> None:
    yaw, pitch, roll = turn
    found = head_pose(turned_face(BOX, yaw=yaw, pitch=pitch, roll=roll).landmarks)
    assert found is not None
    assert (found.yaw, found.pitch, found.roll) == pytest.approx(turn, abs=1)


def test_without_landmarks_the_pose_cannot_be_told() -> None:
    reading = pose_against_guide(Face(box=BOX), Guide())
    assert reading.value is None
    assert not reading.given
    assert reading.reason


def test_the_largest_turn_off_the_guide_counts() -> None:
    reading = pose_against_guide(turned_face(BOX, yaw=4, pitch=-10), Guide())
    assert reading.value == pytest.approx(10, abs=1)
    assert reading.fault == "pitch_less"
    turned = pose_against_guide(turned_face(BOX, yaw=40), Guide(yaw=45))
    assert turned.value == pytest.approx(5, abs=1)
    assert turned.fault == "yaw_less"


@pytest.mark.parametrize("roll", [15, -15])
def test_a_head_that_leans_to_one_shoulder_is_sent_to_the_other(roll: float) -> None:
    face = turned_face(BOX, roll=roll)
    eyes, chin = np.mean([mark.x for mark in face.landmarks[:4]]), face.landmarks[7].x
    # Nothing is mirrored: the picture's right is the subject's left.
    leans, other = ("left", "right") if eyes > chin else ("right", "left")
    advice = sentence(pose_against_guide(face, Guide()), elsewhere=False)
    assert f"towards its {other} shoulder" in advice
    assert leans not in advice


def test_framing_is_measured_in_face_widths() -> None:
    guide = Guide(x=0.5, y=0.5, size=0.4)
    away, untold = framing(Face(box=Box(244, 144, 192, 192)), 640, 480, guide)
    assert away.value == pytest.approx(100 * 20 / 192)
    assert away.fault == "left"
    assert (untold.value, untold.given) == (None, False)


@pytest.mark.parametrize("turn", [0, 30])
@pytest.mark.parametrize("share", [0.8, 1.0, 1.25])
def test_the_distance_is_told_by_the_landmarks_however_the_head_is_turned(share: float, turn: float) -> None:
    side = round(192 * share)
    face = turned_face(Box(320 - side // 2, 150, side, side), yaw=turn)
    _, near = framing(face, 640, 480, Guide(size=0.4))
    assert near.value == pytest.approx(100 * (share * 165 / 162 - 1), abs=2.5)
    assert near.fault == ("near" if share >= 1 else "far")


def test_elsewhere_what_the_edge_cuts_off_counts() -> None:
    assert framing_elsewhere(BOX, 640, 480).value == 0
    half = framing_elsewhere(Box(-100, 150, 200, 200), 640, 480)
    assert half.value == pytest.approx(50, abs=1)
    assert framing_elsewhere(None, 640, 480).value is None


def test_a_baseline_of_another_resolution_is_brought_to_this_one() -> None:
    before = Baseline(blank(1280, 960), turned_face(Box(440, 300, 400, 400), yaw=5))
    turn, size = against_baseline(turned_face(Box(220, 150, 220, 220), yaw=9), blank(), before)
    assert turn.value == pytest.approx(4, abs=0.5)
    assert turn.fault == "yaw_more"
    assert size.value == pytest.approx(10, abs=0.5)


def test_without_an_earlier_face_nothing_is_compared() -> None:
    readings = against_baseline(turned_face(BOX), blank(), Baseline(blank()))
    assert [(reading.value, reading.given) for reading in readings] == [(None, False)] * 2


@pytest.mark.parametrize("yaw", [0, 20, -45])
def test_the_box_of_landmarks_is_the_detectors(yaw: float) -> None:
    box = face_box(turned_face(BOX, yaw=yaw).landmarks)
    assert box is not None
    assert box.width == pytest.approx(BOX.width * 165 / 162, rel=0.03)
    assert box.y + box.height / 2 == pytest.approx(BOX.y + BOX.height / 2, abs=4)


def test_the_guide_is_a_box_in_the_picture() -> None:
    assert Guide(x=0.5, y=0.4, size=0.5).box(1280, 720) == Box(460, 108, 360, 360)


def test_without_landmarks_there_is_no_box() -> None:
    assert face_box(()) is None
