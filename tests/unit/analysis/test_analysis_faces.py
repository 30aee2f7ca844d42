"""Finding the face."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from server.analysis import find_face, find_faces
from server.analysis.faces import merged
from station.protocol import Box
from tests.fixtures.real_face import real_face

pytestmark = pytest.mark.unit

TRUE_FACE = Box(168, 64, 110, 110)


def overlap(first: Box, second: Box) -> float:
    across = min(first.x + first.width, second.x + second.width) - max(first.x, second.x)
    down = min(first.y + first.height, second.y + second.height) - max(first.y, second.y)
    shared = max(across, 0) * max(down, 0)
    return shared / (first.width * first.height + second.width * second.height - shared)


@pytest.mark.parametrize("scale", [0.6, 1.0, 3.0])
def test_a_real_face_is_found_at_any_size(scale: float) -> None:
    picture = np.asarray(
        cv2.resize(real_face(), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8
    )
    face = find_face(picture)
    assert face is not None
    assert face.source == "detected"
    assert overlap(face.box, TRUE_FACE.scaled(scale, scale)) > 0.6


@pytest.mark.parametrize("shape", [(1, 1), (8, 400), (300, 300)])
def test_no_face_is_none(shape: tuple[int, int]) -> None:
    assert find_face(np.full((*shape, 3), 120, np.uint8)) is None


def test_a_face_upside_down_is_not_a_frontal_face() -> None:
    assert all(
        overlap(face.box, TRUE_FACE) < 0.3 for face in find_faces(np.ascontiguousarray(real_face()[::-1]))
    )


def test_threads_do_not_disturb_each_other() -> None:
    empty = np.full((400, 400, 3), 90, np.uint8)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(find_face, [real_face(), empty] * 4))
    assert [face is not None for face in found] == [True, False] * 4
    assert len({face.box for face in found if face is not None}) == 1


def test_nested_boxes_are_one_face_and_distant_ones_are_two() -> None:
    boxes = [Box(20, 20, 60, 60), Box(0, 0, 100, 100), Box(200, 0, 50, 50)]
    assert list(merged(boxes)) == [Box(0, 0, 100, 100), Box(200, 0, 50, 50)]
