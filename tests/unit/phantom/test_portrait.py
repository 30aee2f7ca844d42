"""Training portraits: truth of parts and landmarks."""

import numpy as np
import pytest

from phantom import PART, Identity, Pose, trace
from phantom.landmarks import LANDMARKS, MEAN_HEAD_MM, MIRRORED
from phantom.portrait import IGNORE, Portrait, portrait

pytestmark = pytest.mark.unit

_SIDE = 128


@pytest.fixture(scope="module")
def frontal() -> Portrait:
    return portrait(11, _SIDE, pose=Pose())


def test_a_seed_is_a_portrait(frontal: Portrait) -> None:
    again = portrait(11, _SIDE, pose=Pose())
    assert np.array_equal(again.image, frontal.image)
    assert np.array_equal(again.labels, frontal.labels)
    assert np.array_equal(again.landmarks, frontal.landmarks)
    assert not np.array_equal(portrait(12, _SIDE).labels, frontal.labels)


def test_nobody_is_black_and_labelled_background(frontal: Portrait) -> None:
    nobody = frontal.alpha == 0
    assert nobody.mean() > 0.05
    assert (frontal.image[nobody] == 0).all()
    assert (frontal.labels[nobody] == PART["background"]).all()
    assert (frontal.alpha[frontal.labels == PART["skin"]] > 127).all()


def test_landmarks_of_a_frontal_face_lie_where_they_are_called(frontal: Portrait) -> None:
    points = dict(zip(LANDMARKS, frontal.landmarks, strict=True))
    x = {name: float(point[0]) for name, point in points.items()}
    y = {name: float(point[1]) for name, point in points.items()}
    assert (
        x["right_eye_outer"]
        < x["right_eye_inner"]
        < x["nose_tip"]
        < x["left_eye_inner"]
        < x["left_eye_outer"]
    )
    assert x["right_mouth_corner"] < x["chin"] < x["left_mouth_corner"]
    assert y["right_eye_outer"] < y["nose_tip"] < y["left_mouth_corner"] < y["chin"]
    assert frontal.landmarks[:, 2].all()
    nose = frontal.labels[round(y["nose_tip"]), round(x["nose_tip"])]
    assert nose == PART["skin"]


def test_a_turned_head_hides_the_far_eye_and_moves_the_nose() -> None:
    turned = portrait(11, _SIDE, pose=Pose(yaw=58.0))
    seen = dict(zip(LANDMARKS, turned.landmarks[:, 2], strict=True))
    assert seen["right_eye_outer"] == 1.0 > seen["left_eye_outer"]
    outer, nose = turned.landmarks[0], turned.landmarks[4]
    assert nose[0] - outer[0] > 0.4 * (turned.landmarks[7, 1] - outer[1])


def test_mirroring_twice_is_nothing_and_swaps_sides() -> None:
    assert [MIRRORED[i] for i in MIRRORED] == list(range(len(LANDMARKS)))
    for name, other in zip(LANDMARKS, MIRRORED, strict=True):
        assert LANDMARKS[other] == name.replace("right", "?").replace("left", "right").replace("?", "left")
    head = np.array(MEAN_HEAD_MM)
    assert np.allclose(head[list(MIRRORED)] * (-1, 1, 1), head, atol=0.5)


def test_thin_hair_leaves_doubt_and_thick_hair_hardly_any() -> None:
    person = Identity.sample(40, "light").with_(
        hair_style="short", glasses=False, beard="none", brow_opacity=1.0
    )
    shares = []
    for softness, cover in ((1.0, 1.0), (24.0, 0.8)):
        geometry = trace(person.with_(hair_softness=softness, hair_cover=cover, loose_strands=0.0), 160, 180)
        shares.append(float(((geometry.veil > 60) & (geometry.veil < 150)).mean()))
    assert shares[1] > 1.5 * shares[0]


def test_doubt_is_only_where_hair_or_jaw_may_be(frontal: Portrait) -> None:
    doubt = frontal.labels == IGNORE
    assert 0 < doubt.mean() < 0.15


@pytest.mark.parametrize("frame", ["full", "half", "rimless"])
def test_what_lies_behind_a_lens_is_no_skin(frame: str) -> None:
    person = Identity.sample(41, "tan").with_(glasses=False, hair_style="short", lens_tint=0.4)
    bare, worn = trace(person, 160, 180), trace(person.with_(glasses=True, frame=frame), 160, 180)
    eyes = bare.labels == PART["eye"]
    assert (worn.labels[eyes] == PART["glasses"]).mean() > 0.95
    assert worn.diffuse[eyes].mean() < 0.85 * bare.diffuse[eyes].mean()


def test_the_nose_hides_the_far_lens() -> None:
    person = Identity.sample(41, "tan").with_(glasses=True, frame="full", hair_style="short")
    labels = trace(person, 200, 200, Pose(yaw=60)).labels
    columns = np.flatnonzero((labels == PART["glasses"]).any(0))
    assert len(columns) > 10
    assert (labels == PART["glasses"]).sum() < 2500
