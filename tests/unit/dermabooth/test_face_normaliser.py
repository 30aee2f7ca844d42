"""Photographs come to training in the geometry in which the server grades them."""

from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from dermabooth import resources
from dermabooth.commands.models.face_normaliser import FaceNormaliser
from phantom.portrait import portrait
from tests.fixtures.real_face import real_face

pytestmark = pytest.mark.unit

PX_PER_MM, EYE_ROW, MIDLINE = 1.3, 85.0, 112.0
OUTER_CORNERS_MM = 92.0
MOVES = [(8, 0.85), (4, 1.1), (0, 0.7), (0, 1.0), (-4, 0.85), (-8, 1.1)]
"""Turns in degrees, and scales."""
BESIDE = np.array([[0, 0, 25], [0, 0, 70]])


@pytest.fixture(scope="module")
def normaliser() -> FaceNormaliser:
    return FaceNormaliser(resources.triton_models())


@pytest.mark.parametrize("seed", [2_000_002, 2_000_007, 2_000_011])
def test_the_eyes_come_to_their_place(seed: int, normaliser: FaceNormaliser) -> None:
    drawn = portrait(seed, 384)
    opaque = drawn.alpha[..., None] / 255
    placing = normaliser.placing(np.asarray(drawn.image * opaque + 120 * (1 - opaque), np.uint8))
    assert placing is not None
    corners = np.c_[drawn.landmarks[:4, :2], np.ones(4)] @ placing.T
    assert corners.mean(0) == pytest.approx((MIDLINE, EYE_ROW), abs=4)
    apart = float(np.hypot(*(corners[0] - corners[1]))) / PX_PER_MM
    assert apart == pytest.approx(OUTER_CORNERS_MM, rel=0.1)


def test_where_how_large_and_how_tilted_a_face_is_matters_little(normaliser: FaceNormaliser) -> None:
    """Half of all pairs of placings correlate by more than 0.92; twelve pixels off, none would."""
    moves = [cv2.getRotationMatrix2D((225, 130), turn, scale) for turn, scale in MOVES]
    moved = [cv2.warpAffine(real_face(), move + BESIDE, (512, 512)) for move in moves]
    faces = [normaliser(np.asarray(each, np.uint8)) for each in moved]
    found = [each for each in faces if each is not None]
    assert {each.shape for each in found} == {(224, 224, 3)}
    assert len(found) == len(MOVES)
    alike = [likeness(one, other) for one, other in combinations(found, 2)]
    apart = [likeness(one, np.roll(other, 12, 0)) for one, other in combinations(found, 2)]
    assert np.median(alike) > 0.92 > max(apart)


def test_a_mirrored_face_is_the_mirror_image_of_the_face(normaliser: FaceNormaliser) -> None:
    picture = real_face()
    one, other = normaliser(picture), normaliser(np.ascontiguousarray(picture[:, ::-1]))
    assert one is not None
    assert other is not None
    assert likeness(one, np.ascontiguousarray(other[:, ::-1])) > 0.95


def likeness(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Correlation of two pictures' middles, in grey."""
    grey = [cv2.cvtColor(each, cv2.COLOR_RGB2GRAY)[40:200, 50:174].ravel() for each in (one, other)]
    return float(np.asarray(np.corrcoef(grey))[0, 1])


def test_without_a_face_there_is_no_picture(normaliser: FaceNormaliser) -> None:
    assert normaliser(np.full((200, 300, 3), 120, np.uint8)) is None


def test_without_a_segmenter_it_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="skin_segmenter"):
        assert FaceNormaliser(tmp_path).version
    with pytest.raises(ValueError, match="no model file of skin_segmenter"):
        FaceNormaliser(tmp_path)(real_face())
