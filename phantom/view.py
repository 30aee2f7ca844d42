"""The booth's camera geometry: pinhole at a fixed distance, head turned about the neck."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32
from phantom.identity import Pose
from phantom.lamps import BOOTH, Rig

CAMERA_DISTANCE_MM = 1300.0
NECK_PIVOT = np.array([0.0, -70.0, -90.0])
_TURN_SHIFT_MM, _TILT_SHIFT_MM = 76.0, 107.0
_BOX_WIDTH_MM, _BOX_DROP_MM = 167.0, 12.0
FRAME_HEIGHT_MM, FRAME_WIDTH_MM = 330.0, 270.0
Vector = tuple[Field, Field, Field]
Matrix = NDArray[np.float64]


def rotation(pose: Pose, share: float = 1.0) -> Matrix:
    """World-from-head rotation; the body follows the head by `share` of yaw and a tenth of roll."""
    yaw, pitch, roll = np.radians([pose.yaw, pose.pitch, pose.roll])
    if share < 1.0:
        yaw, pitch, roll = yaw * share, 0.0, roll * 0.1
    cy, sy, cp, sp, cr, sr = (
        np.cos(yaw),
        np.sin(yaw),
        np.cos(pitch),
        np.sin(pitch),
        np.cos(roll),
        np.sin(roll),
    )
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return np.asarray(about_z @ about_x @ about_y)


@dataclass(frozen=True)
class View:
    """A picture of `width` x `height` pixels in which one mm at the eyes is `px_per_mm` pixels."""

    width: int
    height: int
    px_per_mm: float
    pose: Pose
    distance_mm: float = CAMERA_DISTANCE_MM
    """from the camera to the eyes"""
    rig: Rig = BOOTH

    @classmethod
    def booth(cls, width: int, height: int, pose: Pose, px_per_mm: float | None) -> View:
        """Framed as a booth portrait: 330 mm high or 270 mm wide, whichever is tighter."""
        fitted = min(height / FRAME_HEIGHT_MM, width / FRAME_WIDTH_MM)
        return cls(width, height, px_per_mm or fitted, pose)

    @property
    def origin(self) -> tuple[float, float]:
        """Pixel (x, y) of the head's pivot axis at eye height; turned heads are re-centred by half their shift."""
        shift = _TURN_SHIFT_MM * np.sin(np.radians(self.pose.yaw))
        return self.width / 2 - 0.5 * shift * self.px_per_mm, 0.45 * self.height

    @property
    def face_box(self) -> tuple[int, int, int, int]:
        """(x, y, w, h) of the square a frontal face detector places: 167 mm wide, 12 mm below the eyes.

        Beyond about 20 degrees of yaw no frontal detector answers; there the box stays with the visible face.
        """
        cx, cy = self.origin
        side = _BOX_WIDTH_MM * self.px_per_mm
        yaw = np.radians(self.pose.yaw)
        cx += _TURN_SHIFT_MM * np.sin(yaw) * np.cos(yaw) ** 2 * self.px_per_mm
        cy += (_BOX_DROP_MM - _TILT_SHIFT_MM * np.sin(np.radians(self.pose.pitch))) * self.px_per_mm
        return round(cx - side / 2), round(cy - side / 2), round(side), round(side)

    def eye_point(self, turn: Matrix) -> NDArray[np.float64]:
        """Camera position in the turned space."""
        camera = np.array([0.0, 0.0, self.distance_mm])
        return np.asarray(turn.T @ (camera - NECK_PIVOT) + NECK_PIVOT)

    def rays(self, turn: Matrix, col: Field, row: Field) -> Vector:
        """Unit directions, in the turned space, through picture positions."""
        cx, cy = self.origin
        vx = (col - np.float32(cx)) * np.float32(1 / self.px_per_mm)
        vy = (np.float32(cy) - row) * np.float32(1 / self.px_per_mm)
        n = 1 / np.sqrt(vx * vx + vy * vy + np.float32(self.distance_mm**2))
        v = (vx * n, vy * n, np.float32(-self.distance_mm) * n)
        m = f32(turn.T)
        return tuple(f32(m[i, 0] * v[0] + m[i, 1] * v[1] + m[i, 2] * v[2]) for i in range(3))  # type: ignore[return-value]

    def project(self, turn: Matrix, x: Field, y: Field, z: Field) -> tuple[Field, Field, Field]:
        """Column, row and distance from the camera (mm) of points in the turned space."""
        m = f32(turn)
        p = [f32(v - np.float32(o)) for v, o in zip((x, y, z), NECK_PIVOT, strict=True)]
        wx, wy, wz = (
            m[i, 0] * p[0] + m[i, 1] * p[1] + m[i, 2] * p[2] + np.float32(NECK_PIVOT[i]) for i in range(3)
        )
        depth = np.float32(self.distance_mm) - wz
        scale = np.float32(self.px_per_mm * self.distance_mm) / depth
        cx, cy = self.origin
        distance = np.sqrt(wx * wx + wy * wy + depth * depth)
        return f32(np.float32(cx) + wx * scale), f32(np.float32(cy) - wy * scale), f32(distance)

    def direction(self, turn: Matrix, world: NDArray[np.float64]) -> NDArray[np.float32]:
        """A world direction in the turned space."""
        return f32(turn.T @ world)
