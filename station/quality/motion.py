"""Movement: between two frames by phase correlation, within one by the directions of its edges."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Box, Frame, Pixels
from station.quality.sample import Reading, Sample
from station.quality.tone import linear_pixels, luminance
from station.quality.zones import clipped

WORKING_SIDE = 256
"""The shift is sought on a copy with at most this side, px; it is told to about a tenth of a pixel of that copy."""
LEAST_RESPONSE = 0.03
"""Share of the correlation that the peak must hold."""
_STEADY_S = 0.5
"""Frames further apart than this say nothing about the movement during an exposure."""

_Plane = NDArray[np.float32]


def frame_shift(first: Frame, second: Frame, face: Box | None = None) -> tuple[float, float] | None:
    """How far the face, or the whole picture, went from one frame to the other: px to the right and down.

    Phase correlation with a Hann window (Kuglin and Hines 1975; subpixel by the centroid of the peak, Foroosh 2002). None
    for frames of unlike size, and where no peak stands out.
    """
    if first.pixels.shape != second.pixels.shape:
        return None
    within = clipped(face or Box(0, 0, first.header.width, first.header.height), *_size(first))
    if min(within.width, within.height) < 32:
        return None
    planes = [_plane(frame, within) for frame in (first, second)]
    scale = planes[0].shape[1] / within.width
    window = cv2.createHanningWindow(planes[0].shape[::-1], cv2.CV_32F)
    (x, y), response = cv2.phaseCorrelate(planes[0], planes[1], window)
    return None if response < LEAST_RESPONSE else (x / scale, y / scale)


def motion(first: Frame, second: Frame, face: Box | None = None) -> Reading:
    """`motion`: px that the face moves during the exposure of the second frame, at the speed between the two.

    Cannot be told of frames without times, or half a second or more apart.
    """
    region = "picture" if face is None else "face"
    exposure, interval = second.header.actual, second.header.captured_at - first.header.captured_at
    if exposure is None or not 0 < interval < _STEADY_S:
        return Reading("motion", None, "px", region, "The frames are too far apart in time.", given=False)
    shift = frame_shift(first, second, face)
    if shift is None:
        return Reading("motion", None, "px", region, "The frames do not match.", given=False)
    return Reading("motion", float(np.hypot(*shift)) * exposure.time_s / interval, "px", region)


def gradient_anisotropy(sample: Sample) -> Reading:
    """`gradient_anisotropy`: 0 where edges run in every direction alike, 1 where all run one way, as motion blur leaves them.

    Coherence of the structure tensor summed over the face (Bigun and Granlund 1987). Faces have 0.05 to 0.3 of their own.
    """
    y = sample.luminance
    across, down = cv2.Sobel(y, cv2.CV_32F, 1, 0), cv2.Sobel(y, cv2.CV_32F, 0, 1)
    inner = cv2.erode(sample.outline, np.ones((5, 5), np.uint8))
    xx, yy, xy = (
        float(cv2.mean(product, inner)[0]) for product in (across * across, down * down, across * down)
    )
    value = float(np.hypot(xx - yy, 2 * xy)) / max(xx + yy, 1e-12)
    return Reading("gradient_anisotropy", value, "1", sample.region.replace("skin", "face"))


def _size(frame: Frame) -> tuple[int, int]:
    return frame.header.width, frame.header.height


def _plane(frame: Frame, within: Box) -> _Plane:
    """The part of the frame as log luminance, so that flicker of the lamp is a constant, reduced."""
    part = frame.pixels[within.y : within.y + within.height, within.x : within.x + within.width]
    scale = min(1.0, WORKING_SIDE / max(part.shape[:2]))
    size = max(round(part.shape[1] * scale), 1), max(round(part.shape[0] * scale), 1)
    small: Pixels = np.ascontiguousarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA))  # type: ignore[assignment]
    return np.asarray(np.log(np.maximum(luminance(linear_pixels(frame.header, small)), 1e-3)), np.float32)
