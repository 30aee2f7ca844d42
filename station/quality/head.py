"""A turned head in the picture: where places of a frontal face box lie on it."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.protocol import Box, HeadPose

BOX_MM: Final = 165.0
"""Width of a detector's box on the mean head."""
BOX_CENTRE_MM: Final = np.array((0.0, 12.0, 14.0))
"""Its middle on the mean head: right in the picture, down, away from the camera, from between the eyes."""
BOX_DEPTH_MM: Final = 76.0
"""From the axis that heads turn about to that middle."""
FRONTAL_DEG: Final = 15.0
"""Up to this turn to a side the zones of a frontal face serve."""
_CHEEKS_MM, _DEPTH_MM, _NEAREST_MM = 82.0, 80.0, 5.0
"""The face as half an elliptic cylinder: half its width, its depth, and how far its middle lies before the eyes."""
_FOREHEAD_MM, _RECEDES = -20.0, 0.004
"""Above this height the forehead recedes, per mm²."""
_MOUTH_MM, _CHIN_RECEDES = 65.0, 0.0057
"""Below this height the chin recedes: its landmark lies 6.6 mm behind the eyes on the mean head."""


def left_behind(yaw: float) -> float:
    """Mm by which the middle of a turned head's box stays behind its place on the head, with the visible face."""
    return BOX_DEPTH_MM * math.sin(math.radians(yaw)) ** 3


@dataclass(frozen=True, eq=False)
class Head:
    """The mean head as large and as turned as the one in the picture."""

    turn: NDArray[np.float64]
    """(3, 3), from the head to the camera: right, down, away."""
    middle: NDArray[np.float64]
    """(2,): where `BOX_CENTRE_MM` lies, px."""
    px_per_mm: float

    @classmethod
    def turned(cls, face: Box, pose: HeadPose | None) -> "Head | None":
        """The head of this box; None if it is not turned to a side so far that it matters, or nobody knows."""
        if pose is None or abs(pose.yaw) <= FRONTAL_DEG:
            return None
        scale = face.width / BOX_MM
        middle = np.array([face.x + face.width / 2 + scale * left_behind(pose.yaw), face.y + face.height / 2])
        return cls(rotation(pose), middle, scale)

    def places(self, across: ArrayLike, down: ArrayLike) -> NDArray[np.float64]:
        """(N, 2) px of places given in shares of the frontal box, on the skin."""
        x = (np.asarray(across, np.float64) - 0.5) * BOX_MM
        y = (np.asarray(down, np.float64) - 0.5) * BOX_MM + BOX_CENTRE_MM[1]
        points = np.stack([x, y, _depth(x, y)], -1) - BOX_CENTRE_MM
        return np.asarray(self.middle + self.px_per_mm * (points @ self.turn.T)[:, :2])

    def away_deg(self, across: float, down: float) -> float:
        """Angle between the skin at such a place and the direction of the camera."""
        x, y = (across - 0.5) * BOX_MM, (down - 0.5) * BOX_MM + BOX_CENTRE_MM[1]
        step = 1.0
        slope_x = (_depth(np.array([x + step]), np.array([y])) - _depth(np.array([x - step]), np.array([y])))[
            0
        ] / 2
        slope_y = (_depth(np.array([x]), np.array([y + step])) - _depth(np.array([x]), np.array([y - step])))[
            0
        ] / 2
        normal = np.array([slope_x, slope_y, -1.0])
        facing = -(self.turn @ normal)[2] / np.linalg.norm(normal)
        return math.degrees(math.acos(float(np.clip(facing, -1, 1))))


def rotation(pose: HeadPose) -> NDArray[np.float64]:
    """(3, 3): from a head that looks into the camera to the turned one; right, down, away from the camera."""
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw, pose.pitch, pose.roll))
    about_x = np.array(
        [[1, 0, 0], [0, math.cos(pitch), math.sin(pitch)], [0, -math.sin(pitch), math.cos(pitch)]]
    )
    about_y = np.array([[math.cos(yaw), 0, -math.sin(yaw)], [0, 1, 0], [math.sin(yaw), 0, math.cos(yaw)]])
    about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
    return np.asarray(about_z @ about_y @ about_x)


def _depth(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mm behind the plane of the eyes."""
    side = np.clip(x / _CHEEKS_MM, -0.98, 0.98)
    back = _DEPTH_MM * (1 - np.sqrt(1 - side * side)) - _NEAREST_MM
    above, below = np.minimum(y - _FOREHEAD_MM, 0), np.maximum(y - _MOUTH_MM, 0)
    return np.asarray(back + _RECEDES * above**2 + _CHIN_RECEDES * below**2)
