"""Where a face lies and how large it is, from eight landmarks or from the face box alone."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.protocol import Box, Face, Landmark
from station.quality import SURE, head_pose

FACE_WIDTH_MM: Final = 162.0
"""Width of the detector's box on an adult."""
BOX_DROP_MM: Final = 12.0
"""Its centre below the line of the eyes."""
_PER_YAW_MM: Final = 76.0
"""How far the box leaves the midline of the eyes as the head turns, times the sine of yaw."""
FRONT_MM: Final = np.array(
    [
        (-46.0, 0.0),
        (46.0, 0.0),
        (-17.0, 0.0),
        (17.0, 0.0),
        (0.0, 38.0),
        (-26.0, 67.0),
        (26.0, 67.0),
        (0.0, 116.0),
    ]
)
"""Where faces are normalised to: the landmarks of one that looks ahead, right in the picture and down; origin between the
eyes."""
_LEAST: Final = 5

NORMALISED_PX_PER_MM: Final = 1.3
_EYE_ROW, _MIDLINE = 85.0, 112.0

Points = NDArray[np.float64]


def face_of(landmarks: tuple[Landmark, ...]) -> Face | None:
    """The face that landmarks describe, with the box that the detector would draw; None if they are no upright face."""
    points, model = _sure(landmarks)
    if len(points) < _LEAST:
        return None
    matrix = _similarity(model, points)
    scale, turn = math.hypot(*matrix[:, 0]), math.degrees(math.atan2(matrix[1, 0], matrix[0, 0]))
    if scale <= 0 or abs(turn) > 45:
        return None
    pose = head_pose(landmarks)
    aside = 0.0 if pose is None else _PER_YAW_MM * math.sin(math.radians(pose.yaw)) / 2
    x, y = matrix @ (aside, BOX_DROP_MM, 1.0)
    side = FACE_WIDTH_MM * scale
    box = Box(round(x - side / 2), round(y - side / 2), max(round(side), 1), max(round(side), 1))
    return Face(box=box, source="segmented", landmarks=landmarks, pose=pose)


def estimated_px_per_mm(face: Face) -> float:
    """Scale of a picture, if this face is as wide as a mean adult's."""
    return face.box.width / FACE_WIDTH_MM


def normalising(face: Face) -> NDArray[np.float64]:
    """The similarity (2, 3) from the picture to 224 px at 1.3 px/mm: eyes on row 85, midline on column 112.

    From the landmarks that are sure, without them from the box.
    """
    points, model = _sure(face.landmarks)
    if len(points) < _LEAST:
        points, model = _corners(face.box)
    target = model * NORMALISED_PX_PER_MM + (_MIDLINE, _EYE_ROW)
    return _similarity(points, target)


def in_box(face: Face) -> NDArray[np.float64] | None:
    """The affine map (2, 3) from a face's own coordinates, its box from 0 to 1, to the picture; None without landmarks
    that agree with the box.
    """
    points, model = _sure(face.landmarks)
    if len(points) < _LEAST:
        return None
    own = model / FACE_WIDTH_MM + (0.5, 0.5 - BOX_DROP_MM / FACE_WIDTH_MM)
    matrix = np.asarray(np.linalg.lstsq(np.c_[own, np.ones(len(own))], points, rcond=None)[0].T, np.float64)
    area = float(np.linalg.det(matrix[:, :2])) / max(face.box.width * face.box.height, 1)
    return matrix if 0.3 < area < 2.0 else None


def _sure(landmarks: tuple[Landmark, ...]) -> tuple[Points, Points]:
    """The places of those that are sure, px, and where a face that looks ahead has them, mm."""
    if len(landmarks) != len(FRONT_MM):
        return np.empty((0, 2)), np.empty((0, 2))
    kept = [index for index, each in enumerate(landmarks) if each.confidence >= SURE]
    return np.array([(landmarks[index].x, landmarks[index].y) for index in kept]).reshape(-1, 2), FRONT_MM[
        kept
    ]


def _corners(box: Box) -> tuple[Points, Points]:
    half = FACE_WIDTH_MM / 2
    model = np.array([(x, y + BOX_DROP_MM) for x in (-half, half) for y in (-half, half)])
    points = np.array(
        [(x, y) for x in (box.x, box.x + box.width) for y in (box.y, box.y + box.height)], np.float64
    )
    return points, model


def _similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """Turn, scale and shift (2, 3) that bring `source` nearest to `target` by least squares."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [(x, -y, 1, 0), (y, x, 0, 1)]
        values += [u, v]
    a, b, shift_x, shift_y = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return np.array([[a, -b, shift_x], [b, a, shift_y]])
