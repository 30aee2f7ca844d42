"""A chart sheet read from a frame: where it lies, its scale, and the light of its patches."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibration.colour import Colours
from station.calibration.edge import edge_mtf50
from station.calibration.layout import MARKERS, PAGE_MM, ChartLayout, Rectangle
from station.calibration.sheet import DICTIONARY, turned_edge
from station.errors import BadPicture
from station.protocol import Frame
from station.quality import linear, linear_pixels, luminance, read_tab

INNER_SHARE: Final = 0.6
"""Share of a patch's side that is read: its rim holds glare, blur and the error of the mounting."""
TRIMMED: Final = 0.1
"""Share of the samples of a patch left out at either end: dust and scratches."""
CLIPPED_SHARE: Final = 0.01
SMALLEST_PATCH: Final = 36
"""Pixels without which a patch is not read."""
DISTANCE_MM: Final = 1000.0
"""From the camera to the face, where the rig does not say."""


class ChartUnreadable(BadPicture):
    """The chart cannot be read from this picture; the text says why and what to do."""


@dataclass(frozen=True, eq=False)
class PatchReading:
    """The light of one patch."""

    rgb: Colours
    """(3,) trimmed mean of linear R, G, B; 1 is the white level."""
    spread: float
    """Standard deviation over mean of Y within the patch."""
    clipped: bool
    """More than 1 % of its samples are at the top of the scale: of no use."""


@dataclass(frozen=True, eq=False)
class ChartReading:
    """What one picture of a chart sheet tells."""

    patches: dict[str, PatchReading]
    ramp: dict[str, PatchReading]
    white: PatchReading
    px_per_mm: float
    """At the middle of the sheet."""
    residual_px: float
    """Root mean square distance of the marker corners from where the plane puts them."""
    tilt_deg: float
    """Of the sheet against the plane of the sensor, for a camera at the distance given."""
    mtf50: float | None
    """Spatial frequency at half contrast across the slanted edge, cycles/px; None where it cannot be told."""
    tab: Colours | None
    """(3,) level of a perfect white by the rig's neutral tab; None without one."""


def find_sheet(frame: Frame) -> tuple[NDArray[np.float64], float]:
    """The plane of the sheet: the 3x3 matrix from mm to pixels, and its residual in px.

    Raises `ChartUnreadable` naming the markers that are not in sight.
    """
    return _plane(_grey(luminance(linear(frame))))


def read_chart(
    frame: Frame,
    layout: ChartLayout,
    *,
    flat: NDArray[np.float32] | None = None,
    plane: NDArray[np.float64] | None = None,
    residual_px: float = 0.0,
    distance_mm: float = DISTANCE_MM,
) -> ChartReading:
    """Everything on the sheet, its light divided by the `flat` field where one is given.

    `plane` and `residual_px` are those of an earlier picture of the same standing sheet, for lights in which its markers are too dark to find.
    Raises `ChartUnreadable`.
    """
    if plane is None:
        plane, residual_px = find_sheet(frame)
    reader = _Reader(frame, plane, flat)
    tab = read_tab(frame, frame.header.neutral_tab)
    middle = np.array([PAGE_MM[0] / 2, PAGE_MM[1] / 2])
    return ChartReading(
        patches=reader.patches((patch.name, patch.at) for patch in layout.patches),
        ramp=reader.patches((patch.name, patch.at) for patch in layout.ramp),
        white=reader.patch("white field", layout.white),
        px_per_mm=scale_at(plane, middle),
        residual_px=residual_px,
        tilt_deg=tilt_deg(plane, middle, distance_mm),
        mtf50=edge_mtf50(luminance(linear(frame)), project(plane, turned_edge(layout))),
        tab=None if tab is None or tab.clipped else np.array(tab.mean) / tab.reflectance,
    )


def project(plane: NDArray[np.float64], points: Colours) -> Colours:
    """Pixels (n, 2) of points (n, 2) of the sheet in mm."""
    mapped = np.column_stack([points, np.ones(len(points))]) @ plane.T
    return np.asarray(mapped[:, :2] / mapped[:, 2:])


def scale_at(plane: NDArray[np.float64], point: Colours) -> float:
    """Pixels per mm at a point of the sheet: the root of the area of a square millimetre."""
    x, y, w = plane @ np.array([point[0], point[1], 1.0])
    jacobian = (plane[:2, :2] * w - np.outer([x, y], plane[2, :2])) / w**2
    return float(np.sqrt(abs(np.linalg.det(jacobian))))


def tilt_deg(plane: NDArray[np.float64], point: Colours, distance_mm: float) -> float:
    """Tilt of the sheet, from how fast its scale changes: by sin(tilt) / distance per mm, for a pinhole camera."""
    w = float(plane[2] @ np.array([point[0], point[1], 1.0]))
    gradient = float(np.hypot(*plane[2, :2])) / abs(w)
    return float(np.degrees(np.arcsin(min(gradient * distance_mm, 1.0))))


def _grey(y: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Proportional to light, in which the middle of a blurred edge is where the edge is; the brightest is 255."""
    brightest = max(float(np.percentile(y[::8, ::8], 99)), 1e-3)
    return np.asarray(cv2.convertScaleAbs(y, alpha=255 / brightest), np.uint8)


def _plane(grey: NDArray[np.uint8]) -> tuple[NDArray[np.float64], float]:
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    settings.cornerRefinementMinAccuracy = 0.01
    corners, ids, _ = cv2.aruco.ArucoDetector(DICTIONARY, settings).detectMarkers(grey)
    found = dict(zip(ids.ravel().tolist(), corners, strict=True)) if len(corners) else {}
    wanted = MARKERS
    if missing := [number for number in wanted if number not in found]:
        raise ChartUnreadable(
            f"markers {', '.join(map(str, missing))} of 4 are not in sight: show the whole sheet, upright, "
            "sharp, without reflections"
        )
    seen = np.concatenate([found[number].reshape(4, 2) for number in wanted]).astype(np.float64)
    known = np.concatenate([at.corners for at in wanted.values()])
    plane, _ = cv2.findHomography(known, seen, 0)
    matrix = np.asarray(plane, np.float64)
    if matrix.shape != (3, 3):
        raise ChartUnreadable("the markers lie on one line: show the sheet from the front")
    return matrix, float(np.sqrt(((project(matrix, known) - seen) ** 2).sum(1).mean()))


class _Reader:
    """Reads patches of one frame."""

    def __init__(self, frame: Frame, plane: NDArray[np.float64], flat: NDArray[np.float32] | None) -> None:
        header = frame.header
        self._frame, self._plane, self._flat = frame, plane, flat
        self._clip = header.black_level + (header.white_level - header.black_level) * 250 / 255

    def patches(self, wanted: Iterable[tuple[str, Rectangle]]) -> dict[str, PatchReading]:
        return {name: self.patch(name, at) for name, at in wanted}

    def patch(self, name: str, at: Rectangle) -> PatchReading:
        quad = project(self._plane, at.inner(INNER_SHARE).corners)
        left, top = np.floor(quad.min(0)).astype(int)
        right, bottom = np.ceil(quad.max(0)).astype(int) + 1
        header = self._frame.header
        if left < 0 or top < 0 or right > header.width or bottom > header.height:
            raise ChartUnreadable(f"{name} is outside the picture: move the sheet to the middle")
        pixels = self._frame.pixels[top:bottom, left:right].copy()
        mask = np.zeros(pixels.shape[:2], np.uint8)
        cv2.fillConvexPoly(mask, np.rint(quad - (left, top)).astype(np.int32), 1)
        inside = mask > 0
        if int(inside.sum()) < SMALLEST_PATCH:
            raise ChartUnreadable(
                f"{name} is {int(inside.sum())} px large, needs {SMALLEST_PATCH}: move the camera closer"
            )
        values = linear_pixels(header, pixels)[inside].astype(np.float64)
        if self._flat is not None:
            values = values / self._flat_at(left, top, mask.shape)[inside][:, None]
        y = values @ np.array([0.2126, 0.7152, 0.0722])
        return PatchReading(
            rgb=_trimmed_mean(values),
            spread=float(y.std() / max(y.mean(), 1e-6)),
            clipped=float((pixels[inside] >= self._clip).any(1).mean()) > CLIPPED_SHARE,
        )

    def _flat_at(self, left: int, top: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
        assert self._flat is not None
        rows, columns = self._flat.shape
        header = self._frame.header
        x = ((np.arange(shape[1]) + left + 0.5) * columns / header.width - 0.5).astype(np.float32)
        y = ((np.arange(shape[0]) + top + 0.5) * rows / header.height - 0.5).astype(np.float32)
        across, down = np.meshgrid(x, y)
        part = cv2.remap(self._flat, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.maximum(np.asarray(part, np.float32), np.float32(0.05))


def _trimmed_mean(values: Colours) -> Colours:
    """Mean of each channel without its lowest and highest tenth."""
    ordered = np.sort(values, axis=0)
    cut = int(len(ordered) * TRIMMED)
    return np.asarray(ordered[cut : len(ordered) - cut].mean(0))
