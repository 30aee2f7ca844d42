"""Pose, box and normalised face from landmarks of heads that are known."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.analysis import estimated_px_per_mm, face_of, face_regions, in_box, normalising
from station.protocol import Box, Face, Landmark
from tests.fixtures.geometry import turned_face

pytestmark = pytest.mark.unit

PX_PER_MM, CENTRE = 5.0, (640.0, 480.0)


def seen(yaw: float = 0, pitch: float = 0, roll: float = 0, sure: float = 1.0) -> tuple[Landmark, ...]:
    """The phantom's mean face, turned, as a camera 1.3 m away sees it."""
    side = 162 * PX_PER_MM
    box = Box(round(CENTRE[0] - side / 2), round(CENTRE[1] - 0.43 * side), round(side), round(side))
    marks = turned_face(box, yaw=yaw, pitch=pitch, roll=roll).landmarks
    return tuple(Landmark(each.x, each.y, sure) for each in marks)


@pytest.mark.parametrize(("yaw", "pitch", "roll"), [(0, 0, 0), (-45, 0, 0), (0, 15, 0), (20, 0, 12)])
def test_a_face_is_told_as_turned(yaw: float, pitch: float, roll: float) -> None:
    face = face_of(seen(yaw, pitch, roll))
    assert face is not None
    assert face.pose is not None
    assert (face.pose.yaw, face.pose.pitch, face.pose.roll) == pytest.approx((yaw, pitch, roll), abs=3.0)


def test_the_box_is_the_detectors() -> None:
    face = face_of(seen())
    assert face is not None
    assert face.box.width == pytest.approx(162 * PX_PER_MM, rel=0.03)
    assert face.box.x + face.box.width / 2 == pytest.approx(CENTRE[0], abs=4)
    assert face.box.y + face.box.height / 2 == pytest.approx(CENTRE[1] + 12 * PX_PER_MM, abs=12)
    assert estimated_px_per_mm(face) == pytest.approx(PX_PER_MM, rel=0.03)
    assert face.source == "segmented"


def test_landmarks_that_are_not_sure_are_not_used() -> None:
    assert face_of(seen(sure=0.3)) is None
    assert face_of(()) is None
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
