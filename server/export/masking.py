"""Which pixels of a face leave: all but a band over the eyes, or crops of single regions."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis.geometry import BOX_DROP_MM, FACE_WIDTH_MM, in_box
from server.errors import ServerError
from server.export.options import Faces
from station.protocol import Box, Face
from station.quality import SURE, ZONES, Mask, Zone, zone_outlines

ABOVE_MM: Final = 32.0
BELOW_MM: Final = 24.0
"""The band's edges from the line of the eyes: over the brows, below the lower lids and what lies under them."""
ASIDE_MM: Final = 110.0
"""From the midline: past the temples, also of a head that is turned."""
AROUND_MM: Final = 24.0
"""About every corner of an eye that is seen."""
CROPPED: Final = ("forehead", "left_cheek", "right_cheek", "nose", "perioral", "chin")
_EYE_CORNERS: Final = 4
_SMALLEST_PX: Final = 64
_AROUND: Final = np.linspace(0, 2 * np.pi, 72, endpoint=False)

NO_LANDMARKS: Final = "no landmarks of the face are known"
UNSURE_EYES: Final = "the eyes were not found surely"
NO_REGION: Final = "no region of the face is in sight"


class Refused(ServerError):
    """The picture does not leave; the text says why."""


@dataclass(frozen=True, eq=False)
class Part:
    """One part of a picture that leaves."""

    name: str
    """Of the region; empty for the whole picture."""
    window: Box
    hidden: Mask
    """(height, width) of the window, 255 where nothing is shown."""

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """That part of a picture or mask, (H, W) or (H, W, C), zero where it is hidden."""
        box = self.window
        part = picture[box.y : box.y + box.height, box.x : box.x + box.width].copy()
        part[self.hidden > 0] = 0
        return part


def parts_of(face: Face | None, width: int, height: int, faces: Faces) -> tuple[Part, ...]:
    """What leaves of a picture of this size; none where it leaves as it is. Raises `Refused`."""
    if faces is Faces.AS_THEY_ARE:
        return ()
    band = eye_band(face, width, height)
    if faces is Faces.EYE_BAND:
        return (Part("", Box(0, 0, width, height), band),)
    assert face is not None
    return _crops(face, band)


def eye_band(face: Face | None, width: int, height: int) -> Mask:
    """255 over both eyes with brows and lids, across the whole head. Raises `Refused` where the eyes are not known."""
    matrix = None if face is None else in_box(face)
    if face is None or matrix is None:
        raise Refused(NO_LANDMARKS)
    eyes = [(one.x, one.y) for one in face.landmarks[:_EYE_CORNERS] if one.confidence >= SURE]
    if len(eyes) < _EYE_CORNERS // 2:
        raise Refused(UNSURE_EYES)
    mask = np.zeros((height, width), np.uint8)
    corners = [(-ASIDE_MM, -ABOVE_MM), (ASIDE_MM, -ABOVE_MM), (ASIDE_MM, BELOW_MM), (-ASIDE_MM, BELOW_MM)]
    _fill(mask, _placed(np.array(corners), matrix))
    radius = math.ceil(AROUND_MM * math.hypot(*matrix[:, 1]) / FACE_WIDTH_MM)
    for x, y in eyes:
        cv2.circle(mask, (round(x), round(y)), radius, 255, -1)
    return mask


def _crops(face: Face, band: Mask) -> tuple[Part, ...]:
    """The regions that face the camera, each without the band and all that lies around it."""
    matrix = in_box(face)
    assert matrix is not None
    facing = zone_outlines(face.box, face.pose)
    found = [_crop(name, ZONES[name], matrix, band) for name in CROPPED if name in facing]
    parts = tuple(part for part in found if part is not None)
    if not parts:
        raise Refused(NO_REGION)
    return parts


def _crop(name: str, zones: tuple[Zone, ...], matrix: NDArray[np.float64], band: Mask) -> Part | None:
    shown = np.zeros_like(band)
    for zone in zones:
        across, down = zone.middle
        own = np.c_[
            across + (zone.right - zone.left) / 2 * np.cos(_AROUND),
            down + (zone.bottom - zone.top) / 2 * np.sin(_AROUND),
        ]
        _fill(shown, _mapped(own, matrix))
    shown[band > 0] = 0
    if cv2.countNonZero(shown) < _SMALLEST_PX:
        return None
    x, y, width, height = cv2.boundingRect(shown)
    window = Box(int(x), int(y), int(width), int(height))
    cut = shown[window.y : window.y + window.height, window.x : window.x + window.width]
    return Part(name, window, np.where(cut > 0, np.uint8(0), np.uint8(255)))


def _placed(points_mm: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points about the middle between the eyes, mm of a face that looks ahead, in the picture."""
    return _mapped(points_mm / FACE_WIDTH_MM + (0.5, 0.5 - BOX_DROP_MM / FACE_WIDTH_MM), matrix)


def _mapped(own: NDArray[np.float64], matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.c_[own, np.ones(len(own))] @ matrix.T, np.float64)


def _fill(mask: Mask, points: NDArray[np.float64]) -> None:
    cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 255)
