"""The closed-form measures of ISO/IEC 29794-5:2025, as its reference implementation OFIQ computes them. For information.

They are made for passports: the one of the mean luminance falls with the tone of the skin under one light. So nothing here can
be limited by a profile. The face is the outline of the face box instead of OFIQ's landmark hull, and is not aligned first.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Box, Face, Frame, Pixels
from station.quality.colour import lab_d50
from station.quality.head_fit import SURE
from station.quality.placement import head_pose
from station.quality.sample import Reading
from station.quality.tone import linear_pixels, luminance
from station.quality.zones import FACE, Mask, clipped, extent, zone_mask

SCORE = "score"
WORKING_SIDE = 616
"""Side of OFIQ's aligned picture, px; larger faces are reduced to it."""
_BINS = 256


@dataclass(frozen=True)
class StandardMeasure:
    """One quality component."""

    name: str
    raw: float
    """The native measure, in the unit that the standard gives it."""
    score: float
    """Quality component value, 0 to 100; higher is better."""


def standard_measures(frame: Frame, face: Face) -> tuple[StandardMeasure, ...]:
    """The components that need no network: exposure, and with landmarks uniformity, colour, size and pose."""
    view = _view(frame, face.box)
    measures = _of_luminance(view)
    eyes = _eyes(face)
    if eyes is None:
        return measures
    pose = head_pose(face.landmarks)
    turned = 0.0 if pose is None else math.radians(pose.yaw)
    distance = math.dist(eyes[0], eyes[1]) / max(math.cos(turned), 0.1)
    measures += (StandardMeasure("inter_eye_distance", distance, 100 * _sigmoid(distance, 70, 20)),)
    if pose is not None:
        measures += tuple(_angle(axis, getattr(pose, axis)) for axis in ("yaw", "pitch", "roll"))
    return measures + _of_cheeks(view, eyes, face)


def standard_readings(frame: Frame, face: Face | None) -> tuple[Reading, ...]:
    """The same as `iso_…` readings of their scores; none without a face."""
    if face is None:
        return ()
    return tuple(
        Reading(f"iso_{measure.name}", measure.score, SCORE, "face")
        for measure in standard_measures(frame, face)
    )


@dataclass(frozen=True, eq=False)
class _View:
    light: NDArray[np.float32]
    levels: NDArray[np.uint8]
    """Y of linear light, times 255, rounded."""
    hull: Mask
    within: Box
    scale: float


def _view(frame: Frame, box: Box) -> _View:
    within = extent(box, frame.header.width, frame.header.height)
    part = frame.pixels[within.y : within.y + within.height, within.x : within.x + within.width]
    scale = min(1.0, WORKING_SIDE / max(part.shape[:2]))
    size = max(round(within.width * scale), 1), max(round(within.height * scale), 1)
    small: Pixels = np.ascontiguousarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))  # type: ignore[assignment]
    light = linear_pixels(frame.header, small)
    levels = np.rint(255 * np.clip(luminance(light), 0, 1)).astype(np.uint8)
    return _View(light, levels, zone_mask(box, FACE, within, scale), within, scale)


def _of_luminance(view: _View) -> tuple[StandardMeasure, ...]:
    counts = np.asarray(cv2.calcHist([view.levels], [0], view.hull, [_BINS], [0, _BINS])).ravel()
    shares = counts / max(float(counts.sum()), 1.0)
    level = np.arange(_BINS) / 255
    mean = float(shares @ level)
    variance = float(shares @ (level - mean) ** 2)
    over, under = float(shares[247:].sum()), float(shares[:26].sum())
    seen = shares[shares > 0]
    entropy = float(-(seen * np.log2(seen)).sum())
    return (
        StandardMeasure(
            "luminance_mean", mean, 100 * _sigmoid(mean, 0.2, 0.05) * (1 - _sigmoid(mean, 0.8, 0.05))
        ),
        StandardMeasure(
            "luminance_variance", variance, 100 * math.sin(math.pi * 60 * variance / (60 * variance + 1))
        ),
        StandardMeasure("over_exposure", over, _bounded(1 / (over + 0.01))),
        StandardMeasure("under_exposure", under, _bounded(120 * (0.832 - _sigmoid(under, 0.92, 0.05)))),
        StandardMeasure("dynamic_range", entropy, _bounded(12.5 * entropy)),
    )


def _of_cheeks(view: _View, eyes: tuple[tuple[float, float], ...], face: Face) -> tuple[StandardMeasure, ...]:
    """Illumination uniformity and natural colour, of squares of 0.3 eye distances half-way between eyes and mouth."""
    corners = face.landmarks[5:7]
    if min(corner.confidence for corner in corners) < SURE:
        return ()
    mouth = sum(corner.y for corner in corners) / 2
    side = max(round(0.3 * math.dist(eyes[0], eyes[1]) * view.scale), 1)
    height, width = view.levels.shape
    histograms, colours = [], []
    for x, y in eyes:
        box = Box(
            round((x - view.within.x) * view.scale - side / 2),
            round(((y + mouth) / 2 - view.within.y) * view.scale - side / 2),
            side,
            side,
        )
        box = clipped(box, width, height)
        rows, columns = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        histograms.append(np.bincount(view.levels[rows, columns].ravel(), minlength=_BINS))
        colours.append(view.light[rows, columns].reshape(-1, 3).mean(0))
    shares = [counts / max(counts.sum(), 1) for counts in histograms]
    common = float(np.minimum(*shares).sum())
    return StandardMeasure("illumination_uniformity", common, 100 * common**0.3), _natural(
        np.asarray(colours, np.float64).mean(0)
    )


def _natural(colour: NDArray[np.float64]) -> StandardMeasure:
    _, a, b = lab_d50(colour)
    outside = math.hypot(max(0.0, 5 - a, a - 25), max(0.0, 5 - b, b - 35))
    distance = 100.0 if a < 0 or b < 0 else outside
    return StandardMeasure("natural_colour", distance, _bounded(200 * (1 - _sigmoid(distance, 0, 10))))


def _angle(axis: str, degrees: float) -> StandardMeasure:
    return StandardMeasure(f"head_pose_{axis}", degrees, 100 * max(0.0, math.cos(math.radians(degrees))) ** 2)


def _eyes(face: Face) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Centres of the right and the left eye."""
    points = face.landmarks
    if len(points) < 7 or min(point.confidence for point in points[:4]) < SURE:
        return None
    right, left = (
        ((points[outer].x + points[outer + 2].x) / 2, (points[outer].y + points[outer + 2].y) / 2)
        for outer in (0, 1)
    )
    return right, left


def _sigmoid(x: float, x0: float, w: float) -> float:
    return 1 / (1 + math.exp(min((x0 - x) / w, 700)))


def _bounded(score: float) -> float:
    return min(max(score, 0.0), 100.0)
