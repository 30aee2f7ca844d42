"""A head fitted to the landmarks of a face: how it is turned, how large it is in the picture, and a little of its shape."""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import HeadPose, Landmark

SURE: Final = 0.5
"""Landmarks are used from this confidence on."""
FEWEST: Final = 6
"""Of the eight."""
_EYE_CORNERS: Final = 4
_CAMERA_MM: Final = 1300.0
_MEAN_MM: Final = np.array(
    [
        (-46.6, -0.5, 8.8),
        (46.6, -0.5, 8.8),
        (-17.3, 0.5, 0.5),
        (17.3, 0.5, 0.5),
        (0.0, 38.7, -23.8),
        (-27.0, 64.7, 0.0),
        (27.0, 64.7, 0.0),
        (0.0, 110.4, 6.6),
    ]
)
"""The landmarks of a `Face` on the mean head of the phantom: right in the picture, down, away from the camera."""
_SHAPES_MM: Final = np.array(
    [
        [
            (0.0, 0.0, -0.1), (0.0, 0.0, -0.1), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0),
            (0.0, 1.3, 0.1), (0.4, 2.4, -0.5), (-0.4, 2.4, -0.5), (0.0, 3.2, 0.1),
        ],
        [
            (1.2, 0.1, -0.4), (-1.2, 0.1, -0.4), (0.4, -0.1, 0.0), (-0.4, -0.1, 0.0),
            (0.0, -0.3, -0.1), (1.3, 0.1, -0.5), (-1.3, 0.1, -0.5), (0.0, -0.6, -0.1),
        ],
        [
            (-1.1, 0.1, 0.5), (1.1, 0.1, 0.5), (-0.5, 0.0, 0.0), (0.5, 0.0, 0.0),
            (0.0, -0.3, 0.2), (0.9, 0.3, -0.5), (-0.9, 0.3, -0.5), (0.0, -0.7, 0.0),
        ],
    ]
)  # fmt: skip
"""How heads differ most, one standard deviation each: principal components of 160 heads of the phantom and their mirror
images. Length of the face; width of eyes and mouth together; width of the eyes against that of the mouth."""
_LANDMARK_MM: Final = 1.0
"""Error of a landmark that shape is weighed against."""
_ROUNDS: Final = 8


@dataclass(frozen=True, eq=False)
class HeadFit:
    """A head in front of a camera that looks at its eyes from 1.3 m away."""

    turn: NDArray[np.float64]
    """(3, 3), from the head to the camera: right, down, away."""
    shift: NDArray[np.float64]
    """(3,): place of the origin between the eyes, mm from the camera."""
    focal: float
    """Px."""
    ahead_at: NDArray[np.float64]
    """(2,): where in the picture the camera looks, px."""

    @property
    def px_per_mm(self) -> float:
        """At the eyes."""
        return self.focal / float(self.shift[2])

    @property
    def pose(self) -> HeadPose:
        """The turn in degrees."""
        turn = self.turn
        roll = math.atan2(turn[1, 0], turn[0, 0])
        upright = np.array(
            [[math.cos(roll), math.sin(roll), 0], [-math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
        )
        ahead = -upright @ turn[:, 2]
        return HeadPose(
            yaw=math.degrees(math.atan2(ahead[0], -ahead[2])),
            pitch=math.degrees(math.atan2(-ahead[1], math.hypot(ahead[0], ahead[2]))),
            roll=math.degrees(roll),
        )

    def place(self, point: NDArray[np.float64]) -> tuple[float, float]:
        """Where a point of the head (mm) lies in the picture, px."""
        x, y, z = self.turn @ point + self.shift
        return (
            float(self.ahead_at[0] + self.focal * x / z),
            float(self.ahead_at[1] + self.focal * y / z),
        )


@lru_cache(maxsize=32)
def fit_head(landmarks: tuple[Landmark, ...]) -> HeadFit | None:
    """The head that explains the landmarks best, in perspective; None with under six that are sure.

    SQPnP (Terzakis 2020) on the mean head, then Gauss-Newton over turn, place and three ways in which heads differ, each
    held to its spread (maximum a posteriori).
    """
    kept = [index for index, each in enumerate(landmarks) if each.confidence >= SURE]
    if len(landmarks) != len(_MEAN_MM) or len(kept) < FEWEST:
        return None
    points = np.array([(landmarks[index].x, landmarks[index].y) for index in kept], np.float64)
    model = _MEAN_MM[kept]
    focal = _CAMERA_MM * _spread(points) / _spread(model[:, :2])
    if focal <= 0:
        return None
    eyes = [row for row, index in enumerate(kept) if index < _EYE_CORNERS]
    ahead_at = points[eyes or slice(None)].mean(axis=0)
    camera = np.array([[focal, 0, ahead_at[0]], [0, focal, ahead_at[1]], [0, 0, 1]])
    found, turn, shift = cv2.solvePnP(model, points, camera, None, flags=cv2.SOLVEPNP_SQPNP)
    if not found:
        return None
    first = HeadFit(
        np.asarray(cv2.Rodrigues(turn)[0], np.float64), np.asarray(shift, np.float64).ravel(), focal, ahead_at
    )
    return _refined(first, points, model, _SHAPES_MM[:, kept])


def _refined(
    fit: HeadFit, points: NDArray[np.float64], model: NDArray[np.float64], shapes: NDArray[np.float64]
) -> HeadFit:
    shape = np.zeros(len(shapes))
    prior = np.diag([0.0] * 6 + [1.0] * len(shapes))
    for _ in range(_ROUNDS):
        head = model + np.tensordot(shape, shapes, 1)
        error, slope = _linearised(fit, points, head, shapes)
        gradient = slope.T @ error + np.concatenate([np.zeros(6), shape])
        step = -np.linalg.solve(slope.T @ slope + prior, gradient)
        turn = np.asarray(cv2.Rodrigues(step[:3])[0], np.float64) @ fit.turn
        fit = HeadFit(turn, fit.shift + step[3:6], fit.focal, fit.ahead_at)
        shape = shape + step[6:]
        if np.abs(step).max() < 1e-4:
            break
    return fit


def _linearised(
    fit: HeadFit, points: NDArray[np.float64], head: NDArray[np.float64], shapes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Errors of the landmarks in standard deviations, (2 N,), and their slope over turn, shift and shape, (2 N, 6 + K)."""
    turned = head @ fit.turn.T
    place = turned + fit.shift
    depth = place[:, 2:]
    scale = _CAMERA_MM / _LANDMARK_MM / fit.focal
    seen = fit.focal * place[:, :2] / depth + fit.ahead_at
    axes = np.eye(3)
    moves = [np.cross(axis, turned) for axis in axes]
    moves += [np.broadcast_to(axis, turned.shape) for axis in axes]
    moves += [shape @ fit.turn.T for shape in shapes]
    move = np.stack(moves, axis=-1)
    slope = fit.focal * (move[:, :2] / depth[..., None] - (place[:, :2] / depth**2)[..., None] * move[:, 2:])
    return ((seen - points) * scale).ravel(), slope.reshape(2 * len(points), -1) * scale


def _spread(points: NDArray[np.float64]) -> float:
    return float(np.sqrt(((points - points.mean(axis=0)) ** 2).sum()))
