"""Pose, box and normalised face from landmarks of heads that are known."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.analysis import estimated_px_per_mm, face_of, face_regions, head_pose, in_box, normalising
from server.analysis.geometry import MODEL_MM
from station.protocol import Box, Face, Landmark

pytestmark = pytest.mark.unit

PX_PER_MM, CENTRE = 5.0, (640.0, 480.0)


def seen(yaw: float = 0, pitch: float = 0, roll: float = 0, sure: float = 1.0) -> tuple[Landmark, ...]:
    """The mean face, turned, as a camera 1.3 m away sees it."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = MODEL_MM @ (about_z @ about_y @ about_x).T + (0, 0, 1300)
    places = points[:, :2] / points[:, 2:] * 1300 * PX_PER_MM + CENTRE
    return tuple(Landmark(float(x), float(y), sure) for x, y in places)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (45, 0, 0), (-45, 0, 0), (0, 15, 0), (0, -15, 0), (20, 10, 12)]
)
def test_a_turned_head_is_told_as_turned(yaw: float, pitch: float, roll: float) -> None:
    pose = head_pose(seen(yaw, pitch, roll))
    assert pose is not None
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=3.0)


def test_a_head_that_turns_to_the_right_of_the_picture_has_its_nose_there() -> None:
    straight, turned = seen(), seen(30)
    assert turned[4].x > straight[4].x
    nose_up = seen(pitch=20)
    assert nose_up[4].y - nose_up[0].y < straight[4].y - straight[0].y


def test_the_box_is_the_detectors() -> None:
    face = face_of(seen())
    assert face is not None
    assert face.box.width == pytest.approx(162 * PX_PER_MM, rel=0.03)
    assert face.box.x + face.box.width / 2 == pytest.approx(CENTRE[0], abs=4)
    assert face.box.y + face.box.height / 2 == pytest.approx(CENTRE[1] + 12 * PX_PER_MM, abs=12)
    assert estimated_px_per_mm(face) == pytest.approx(PX_PER_MM, rel=0.03)
    assert face.source == "segmented"


def test_landmarks_that_are_not_sure_are_not_used() -> None:
    assert head_pose(seen(sure=0.3)) is None
    assert face_of(seen(sure=0.3)) is None
    assert head_pose(()) is None
    assert in_box(Face(box=Box(0, 0, 10, 10), landmarks=seen(sure=0.3))) is None


@pytest.mark.parametrize("roll", [0, 10])
def test_a_normalised_face_has_its_eyes_in_their_place(roll: float) -> None:
    face = Face(box=Box(0, 0, 1, 1), landmarks=seen(roll=roll))
    matrix = normalising(face)
    eyes = [matrix @ (each.x, each.y, 1) for each in face.landmarks[:2]]
    assert (eyes[0][1], eyes[1][1]) == pytest.approx((85, 85), abs=3)
    assert (eyes[0][0] + eyes[1][0]) / 2 == pytest.approx(112, abs=2)
    assert math.hypot(*matrix[:, 0]) == pytest.approx(1.3 / PX_PER_MM, rel=0.04)


def test_without_landmarks_the_box_normalises() -> None:
    box = Box(235, 135, 810, 810)
    matrix = normalising(Face(box=box))
    assert matrix @ (640, 480, 1) == pytest.approx((112, 85), abs=0.5)


def test_landmarks_of_another_face_than_the_box_are_not_used_for_regions() -> None:
    assert in_box(Face(box=Box(0, 0, 100, 100), landmarks=seen())) is None


def centre(mask: NDArray[np.bool_]) -> tuple[float, float]:
    x, y, width, height = cv2.boundingRect(mask.view(np.uint8))
    return x + width / 2, y + height / 2


def test_regions_follow_a_turned_head() -> None:
    skin = np.full((1200, 1280), 255, np.uint8)
    places = {}
    for yaw in (0, 30):
        found = face_of(seen(yaw))
        assert found is not None
        places[yaw] = {name: centre(mask) for name, mask in face_regions(found, skin, skin.shape).items()}
    for yaw, sight in ((0, seen()), (30, seen(30))):
        x, y = places[yaw]["nose"]
        assert x == pytest.approx(sight[4].x, abs=70)
        assert sight[0].y < y < sight[5].y
