"""What covers the face, and whether the eyes are closed."""

import cv2
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from station.protocol import Box, Face, Frame, HeadPose, Verdict
from station.quality import ZONES, examine, eye_opening, eyes_closed, occlusion, take_sample, zone_mask
from tests.fixtures.geometry import turned_face
from tests.fixtures.skin_pictures import DARK_SKIN, FACE, LIGHT_SKIN, NORMAL, expose, profile, skin_picture

pytestmark = pytest.mark.unit

Mask = NDArray[np.uint8]
WHOLE = Box(0, 0, 320, 320)
TURNED = turned_face(FACE)


def covered(share: float) -> Mask:
    """Hair over this share of the forehead, from above."""
    zone = zone_mask(FACE, ZONES["forehead"], WHOLE)
    rows = np.flatnonzero(zone.any(1))
    areas = np.cumsum(np.count_nonzero(zone, axis=1)) / np.count_nonzero(zone)
    hair = np.zeros((320, 320), np.uint8)
    hair[: rows[0] + int(np.searchsorted(areas[rows], share)) + 1] = 255
    return hair


@pytest.mark.parametrize("share", [0.1, 0.4])
def test_the_covered_share_of_the_worst_zone_is_told(share: float) -> None:
    reading = occlusion(take_sample(expose(skin_picture()), FACE), {"hair": covered(share)})
    assert reading.value == pytest.approx(100 * share, abs=2.5)
    assert (reading.region, reading.fault) == ("forehead", "hair")


def test_without_parts_it_cannot_be_told() -> None:
    for parts in (None, {}, {"lips": covered(0.1)}):
        reading = occlusion(take_sample(expose(skin_picture()), FACE), parts)
        assert (reading.value, reading.given) == (None, False)


def test_hair_is_judged_and_the_operator_told() -> None:
    report = examine(
        expose(skin_picture()), recipe="standard", profile=NORMAL, face=FACE, parts={"hair": covered(0.4)}
    )
    measure = next(measure for measure in report.measures if measure.name == "occlusion")
    assert measure.verdict is Verdict.FAIL
    assert measure.advice == "Hair covers the forehead: tie or clip it back."


def portrait(colour: tuple[float, float, float], *, opened: bool) -> Frame:
    """Skin with eyes between the corners of `TURNED`."""
    picture = skin_picture(colour, detail=0.02)
    points = TURNED.landmarks
    for outer, inner in ((points[0], points[2]), (points[1], points[3])):
        centre = round((outer.x + inner.x) / 2), round((outer.y + inner.y) / 2)
        half = round(abs(outer.x - inner.x) / 2)
        if opened:
            cv2.ellipse(picture, centre, (half, half // 2), 0, 0, 360, (0.5, 0.47, 0.45), -1)
            cv2.circle(picture, centre, half // 3, (0.03, 0.02, 0.015), -1)
        else:
            cv2.line(
                picture, (centre[0] - half, centre[1]), (centre[0] + half, centre[1]), (0.03, 0.02, 0.02), 2
            )
    return expose(picture)


@pytest.mark.parametrize("colour", [LIGHT_SKIN, DARK_SKIN])
def test_only_closed_eyes_release_ultraviolet_light(colour: tuple[float, float, float]) -> None:
    for opened, verdict in ((True, Verdict.FAIL), (False, Verdict.PASS)):
        report = eyes_closed(portrait(colour, opened=opened), recipe="standard", profile=NORMAL, face=TURNED)
        assert report.verdict is verdict
    assert report.measures[0].unit == "%"


@pytest.mark.parametrize("face", [None, Face(box=FACE), turned_face(Box(100, 100, 30, 30))])
def test_what_cannot_be_told_releases_nothing(face: Face | None) -> None:
    frame = portrait(LIGHT_SKIN, opened=False)
    assert eye_opening(frame, face).value is None
    assert eyes_closed(frame, recipe="standard", profile=NORMAL, face=face).verdict is Verdict.UNKNOWN


def unsure_of(corner: int, yaw: float) -> Face:
    """`TURNED` so far that one corner of an eye is hard to see."""
    landmarks = list(TURNED.landmarks)
    landmarks[corner] = msgspec.structs.replace(landmarks[corner], confidence=0.2)
    return msgspec.structs.replace(
        TURNED, landmarks=tuple(landmarks), pose=HeadPose(yaw=yaw, pitch=0, roll=0)
    )


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize(("far", "yaw"), [(0, -45.0), (2, -45.0), (1, 45.0), (3, 45.0)])
def test_a_far_eye_that_the_nose_hides_does_not_keep_the_near_one_from_telling(
    far: int, yaw: float, opened: bool
) -> None:
    frame = portrait(LIGHT_SKIN, opened=opened)
    report = eyes_closed(frame, recipe="standard", profile=NORMAL, face=unsure_of(far, yaw))
    assert report.verdict is (Verdict.FAIL if opened else Verdict.PASS)


@pytest.mark.parametrize(("corner", "yaw"), [(0, 45.0), (2, 45.0), (1, -45.0), (0, -20.0), (3, 20.0)])
def test_an_unsure_eye_that_no_turn_hides_releases_nothing(corner: int, yaw: float) -> None:
    frame = portrait(LIGHT_SKIN, opened=False)
    assert eye_opening(frame, unsure_of(corner, yaw)).value is None


def test_a_profile_without_limits_releases_nothing() -> None:
    frame = portrait(LIGHT_SKIN, opened=False)
    found = eyes_closed(frame, recipe="standard", profile=profile("off"), face=TURNED)
    assert found.verdict is Verdict.UNKNOWN
