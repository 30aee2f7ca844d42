"""Whether the eyes are closed, which ultraviolet light waits for."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Face, Frame, Landmark, Pixels
from station.quality.head_fit import SURE
from station.quality.placement import NO_LANDMARKS
from station.quality.sample import Reading
from station.quality.tone import linear_pixels

WIDTH = 64
"""Px from corner to corner of the patch that an eye is looked at on."""
SMALLEST = 12.0
"""Distance of the corners, px, below which the eye is too small to tell."""
TURNED = 0.8
"""Width of the narrower eye in widths of the other, below which it is the far one of a turned head: behind it is no
cheek but the room, so that the near eye tells alone."""
HIDDEN_DEG = 30.0
"""Yaw from which on the nose may hide a corner of the far eye."""
_UP, _DOWN = 20, 18
"""Rows of the patch above and below the line of the corners."""
_INSIDE = slice(10, 54)
"""Columns between the corners."""
_SKIN_FROM = 28
"""Rows below the line of the corners from which on there is cheek."""

_Patch = NDArray[np.float32]


def eye_opening(frame: Frame, face: Face | None) -> Reading:
    """`eye_opening`: % of the place of the more open eye that is white of the eye, told by its colour.

    The white of an eye has less than half of the redness of the skin below it (log R/G), whatever the tone of the skin.
    Closed eyes read under 2 %. It needs white balance and white light, and the corners of the eyes: of both, or of the near
    one where the head is turned and hides those of the other.
    """
    pairs = _corners(face)
    if not pairs:
        return Reading("eye_opening", None, "%", "eyes", NO_LANDMARKS, given=False)
    if min(math.dist(*pair) for pair in pairs) < SMALLEST:
        return Reading("eye_opening", None, "%", "eyes", "The eyes are too small in the picture.")
    near = max(math.dist(*pair) for pair in pairs)
    told = [pair for pair in pairs if math.dist(*pair) >= TURNED * near]
    return Reading("eye_opening", max(_white(_patch(frame, *pair)) for pair in told), "%", "eyes")


def _corners(face: Face | None) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Left to right in the picture, of the eyes that tell; none if an eye is unsure that no turn hides."""
    if face is None or len(face.landmarks) < 4:
        return []
    outer, other, inner, other_inner = face.landmarks[:4]
    eyes = [(outer, inner), (other_inner, other)]
    sure = [pair for pair in eyes if min(point.confidence for point in pair) >= SURE]
    if len(sure) < len(eyes):
        far = 0 if _yaw(face) < 0 else 1
        sure = [eyes[1 - far]] if abs(_yaw(face)) >= HIDDEN_DEG and eyes[1 - far] in sure else []
    return [(_xy(left), _xy(right)) for left, right in sure]


def _yaw(face: Face) -> float:
    return 0.0 if face.pose is None else face.pose.yaw


def _xy(point: Landmark) -> tuple[float, float]:
    return point.x, point.y


def _patch(frame: Frame, left: tuple[float, float], right: tuple[float, float]) -> _Patch:
    """The eye upright and of one size, as light: `_UP` rows above the corners, `_SKIN_FROM` and ten below."""
    along = np.array(right) - left
    across = np.array([-along[1], along[0]]) / WIDTH
    origin = np.array(left) - _UP * across
    to_frame = np.column_stack([along / WIDTH, across, origin])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = WIDTH, _UP + _SKIN_FROM + 10
    seen: Pixels = cv2.warpAffine(frame.pixels, to_frame, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    return linear_pixels(frame.header, seen)


def _white(patch: _Patch) -> float:
    light = np.maximum(cv2.GaussianBlur(patch, (0, 0), 0.8), 1e-4)
    redness = np.log(light[..., 0] / light[..., 1])
    brightness = light[..., 1]
    skin = slice(_UP + _SKIN_FROM, None), _INSIDE
    own, level = float(np.median(redness[skin])), float(np.median(brightness[skin]))
    eye = slice(0, _UP + _DOWN), _INSIDE
    white = (redness[eye] < 0.5 * own) & (brightness[eye] > 0.3 * level)
    return 100 * float(white.mean())
