"""How well two pictures of one person lie on each other, after the best turn, scale and shift."""

import math
from dataclasses import dataclass

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from station.protocol import Box, Frame, FrameHeader, Pixels
from station.quality.sample import Reading
from station.quality.tone import develop
from station.quality.zones import clipped

WORKING_SIDE = 640
"""Features are sought on copies of the face with at most this side, px."""
FEWEST = 12
"""Points that must agree."""
_FEATURES = 1500
_RATIO = 0.8
_REACH = 3.0
"""Distance in px of the working copy up to which a pair of points agrees with a first guess."""
_SAME = 0.05
"""Distance, as a share of the longer side of the working copy, up to which a pair is taken to be one point of the skin:
skin that moved for itself agrees with no turn, scale and shift, and is what is measured."""
_ROUNDS = 8
_MARGIN = 0.25

_Grey = NDArray[np.uint8]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Registration:
    """The similarity that lays an earlier picture on a later one."""

    matrix: Matrix
    """(2, 3), from px of the earlier to px of the later."""
    residual_px: float
    """Median distance of the points that agree, px of the later picture: what turn, scale and shift do not explain."""
    points: int
    """How many agree."""

    @property
    def scale(self) -> float:
        """Size in the later over size in the earlier."""
        return math.hypot(self.matrix[0, 0], self.matrix[1, 0])

    @property
    def turn(self) -> float:
        """Degrees, clockwise in the picture."""
        return math.degrees(math.atan2(self.matrix[1, 0], self.matrix[0, 0]))


def register(
    earlier: Frame, later: Frame, face: Box | None = None, earlier_face: Box | None = None
) -> Registration | None:
    """Find the earlier picture in the later by ORB features (Rublee 2011), ratio test and RANSAC; None where few agree.

    With faces only those are compared, each with a margin of a quarter of its width. Contrast is equalised, so that neither
    the exposure nor the tone of the skin matters.
    """
    first, second = _view(earlier, earlier_face or face), _view(later, face)
    source, target = _matched(first.grey, second.grey)
    if len(source) < FEWEST:
        return None
    guess, agreeing = cv2.estimateAffinePartial2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_REACH, maxIters=2000, confidence=0.995
    )
    if np.count_nonzero(agreeing) < FEWEST:
        return None
    reach = max(_SAME * max(second.grey.shape), _REACH)
    found, away = _settled(np.asarray(guess, np.float64), source, target, reach)
    kept = away <= reach
    return Registration(
        np.dot(second.outwards(), np.dot(_square(found), first.inwards())),
        float(np.median(away[kept])) / second.scale,
        int(kept.sum()),
    )


def registration(
    earlier: Frame, later: Frame, face: Box | None = None, earlier_face: Box | None = None
) -> Reading:
    """`registration`: the residual of `register` in px of the later picture."""
    region = "picture" if face is None else "face"
    found = register(earlier, later, face, earlier_face)
    if found is None:
        return Reading("registration", None, "px", region, "The pictures do not match.")
    return Reading("registration", found.residual_px, "px", region)


@dataclass(frozen=True, eq=False)
class _View:
    grey: _Grey
    within: Box
    scale: float

    def inwards(self) -> Matrix:
        """(3, 3), px of the frame to px here."""
        return np.array(
            [
                [self.scale, 0, -self.within.x * self.scale],
                [0, self.scale, -self.within.y * self.scale],
                [0, 0, 1],
            ]
        )

    def outwards(self) -> Matrix:
        """(2, 3), px here to px of the frame."""
        return np.array([[1 / self.scale, 0, self.within.x], [0, 1 / self.scale, self.within.y]])


def _view(frame: Frame, face: Box | None) -> _View:
    header = frame.header
    within = clipped(_widened(face or Box(0, 0, header.width, header.height)), header.width, header.height)
    whole = frame.pixels[within.y : within.y + within.height, within.x : within.x + within.width]
    scale = min(1.0, WORKING_SIDE / max(whole.shape[:2]))
    size = max(round(within.width * scale), 1), max(round(within.height * scale), 1)
    part: Pixels = np.ascontiguousarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA))  # type: ignore[assignment]
    srgb = develop(Frame(_sized(frame, part), part))
    grey = np.asarray(cv2.cvtColor(srgb, cv2.COLOR_RGB2GRAY), np.uint8)
    return _View(np.asarray(cv2.createCLAHE(3.0, (8, 8)).apply(grey), np.uint8), within, scale)


def _matched(first: _Grey, second: _Grey) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Places of the features that both pictures show."""
    orb = cv2.ORB.create(nfeatures=_FEATURES, fastThreshold=5)
    (points, words), (others, other_words) = (orb.detectAndCompute(grey, None) for grey in (first, second))
    if min(len(points), len(others)) < 2:
        return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
    nearest = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(words, other_words, k=2)
    kept = [one for one, next_ in nearest if one.distance < _RATIO * next_.distance]
    return (
        np.array([points[match.queryIdx].pt for match in kept], np.float32).reshape(-1, 2),
        np.array([others[match.trainIdx].pt for match in kept], np.float32).reshape(-1, 2),
    )


def _settled(
    matrix: Matrix, source: NDArray[np.float32], target: NDArray[np.float32], reach: float
) -> tuple[Matrix, NDArray[np.float64]]:
    """The similarity that fits every pair within `reach` best, far ones least, and how far each pair is off it."""
    away = _away(matrix, source, target)
    for _ in range(_ROUNDS):
        near = away <= reach
        usual = max(float(np.median(away[near])), 0.1)
        matrix = _similarity(source[near], target[near], 1 / (1 + (away[near] / (2 * usual)) ** 2))
        away = _away(matrix, source, target)
    return matrix, away


def _away(matrix: Matrix, source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(source @ matrix[:, :2].T + matrix[:, 2] - target, axis=1), np.float64)


def _similarity(
    source: NDArray[np.float32], target: NDArray[np.float32], weight: NDArray[np.float64]
) -> Matrix:
    """Weighted least squares."""
    one, zero = np.ones(len(source)), np.zeros(len(source))
    x, y = source[:, 0].astype(np.float64), source[:, 1].astype(np.float64)
    known = np.concatenate([np.c_[x, -y, one, zero], np.c_[y, x, zero, one]])
    root = np.sqrt(np.concatenate([weight, weight]))
    wanted = np.concatenate([target[:, 0], target[:, 1]])
    a, b, right, down = np.linalg.lstsq(known * root[:, None], wanted * root, rcond=None)[0]
    return np.array([[a, -b, right], [b, a, down]])


def _square(matrix: Matrix) -> Matrix:
    return np.vstack([matrix, (0, 0, 1)])


def _widened(face: Box) -> Box:
    x, y = round(_MARGIN * face.width), round(_MARGIN * face.height)
    return Box(face.x - x, face.y - y, face.width + 2 * x, face.height + 2 * y)


def _sized(frame: Frame, part: Pixels) -> FrameHeader:
    return msgspec.structs.replace(frame.header, width=part.shape[1], height=part.shape[0])
