"""Eight points of the face: where they lie on a person, and a mean head to which a pose can be fitted."""

from __future__ import annotations

import numpy as np

from phantom.fields import Field, f32
from phantom.identity import Identity
from phantom.relief import Asymmetry, lip_curves
from phantom.surface import Surface

LANDMARKS = (
    "right_eye_outer", "left_eye_outer", "right_eye_inner", "left_eye_inner", "nose_tip", "right_mouth_corner",
    "left_mouth_corner", "chin",
)  # fmt: skip
"""right and left of the person, who faces the picture: right is at smaller x"""
MIRRORED = (1, 0, 3, 2, 4, 6, 5, 7)
"""order of the landmarks of a picture that is flipped left to right"""
MEAN_HEAD_MM = (
    (-46.6, 0.5, -8.8), (46.6, 0.5, -8.8), (-17.3, -0.5, -0.5), (17.3, -0.5, -0.5), (0.0, -38.7, 23.8), (-27.0, -64.7, 0.0),
    (27.0, -64.7, 0.0), (0.0, -110.4, -6.6),
)  # fmt: skip
"""mean of `landmark_points` over 60 people: x to the right of the picture, y up, z to the viewer"""
_NOSE_TIP_Y, _CHIN_Y = -39.0, -111.0


def landmark_points(p: Identity, warp: Asymmetry, surface: Surface) -> Field:
    """(8, 3) head-space mm of `LANDMARKS` on the skin of a person."""
    wanted = _face_points(p)
    x, y = (f32(wanted[:, :1]) * np.float32(p.face_width), f32(wanted[:, 1:]))
    for _ in range(4):
        frame = warp.frame(p, x, y)
        x = x + (f32(wanted[:, :1]) - frame.x) * np.float32(p.face_width)
        y = y + (f32(wanted[:, 1:]) - frame.plain_y)
    return f32(np.hstack([x, y, skin_depth(surface, x, y)]))


def skin_depth(surface: Surface, x: Field, y: Field) -> Field:
    """Z (mm) of the bald head's front at head-space x, y; (N, 1) like both."""
    z = np.full_like(x, 40.0)
    for _ in range(24):
        z = z - np.clip(surface.head(x, y, z), -5, 20) * np.float32(0.8)
    return f32(z)


def _face_points(p: Identity) -> Field:
    """(8, 2): face x and plain y."""
    tilt, long_ = p.eye_tilt * p.eye_half_width, p.face_length
    outer, inner = p.eye_spacing + p.eye_half_width, p.eye_spacing - p.eye_half_width
    mouth = lip_curves(p, f32([[p.mouth_half_width * (1 + 0.16 * p.smile)]]))
    corner = float((mouth.inner_upper + mouth.inner_lower)[0, 0] / 2)
    return f32([
        (-outer, tilt * long_), (outer, tilt * long_), (-inner, -tilt * long_), (inner, -tilt * long_),
        (0, _NOSE_TIP_Y * p.nose_length * long_), (-mouth.half_width, corner), (mouth.half_width, corner), (0, _CHIN_Y * long_),
    ])  # fmt: skip
