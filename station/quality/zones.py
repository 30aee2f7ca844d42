"""Where the parts of a face lie: as proportions of the detector's box, carried along with a head that is turned.

The box is that of the LBP frontal cascade: about 1.1 face widths, its centre a little below the eye line, the tip of the
chin below its lower edge. Sides are the subject's: the left cheek is on the right of an unmirrored picture.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Box, HeadPose
from station.quality.head import Head

Mask = NDArray[np.uint8]
"""(height, width), 255 inside and 0 outside."""


@dataclass(frozen=True)
class Zone:
    """An ellipse or rectangle in a face box; 0,0 is its upper left corner and 1,1 the lower right."""

    left: float
    top: float
    right: float
    bottom: float
    round: bool = True

    @property
    def middle(self) -> tuple[float, float]:
        """Across and down."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2


ZONES: dict[str, tuple[Zone, ...]] = {
    "forehead": (Zone(0.24, 0.06, 0.76, 0.28),),
    "left_cheek": (Zone(0.62, 0.50, 0.86, 0.79),),
    "right_cheek": (Zone(0.14, 0.50, 0.38, 0.79),),
    "nose": (Zone(0.40, 0.40, 0.60, 0.74),),
    "chin": (Zone(0.36, 0.94, 0.64, 1.10),),
    "perioral": (Zone(0.28, 0.70, 0.72, 1.00),),
    "left_periorbital": (Zone(0.55, 0.33, 0.84, 0.55),),
    "right_periorbital": (Zone(0.16, 0.33, 0.45, 0.55),),
}
"""Zones by name; the outline of each is what its skin may lie in."""

FACE = (Zone(0.08, -0.08, 0.92, 1.15),)
"""Outline of the whole face."""

QUALITY_ZONES = ("forehead", "left_cheek", "right_cheek", "chin")
"""Zones that capture quality is held to, each by itself: near and far parts of the face."""


FACING_DEG = 60.0
"""A zone of a turned head is left out from this angle between its skin and the camera on: it is hidden or a sliver."""


def extent(face: Box, width: int, height: int, pose: HeadPose | None = None) -> Box:
    """The part of a `width` x `height` picture that holds every zone of this face."""
    head = Head.turned(face, pose)
    if head is None:
        return clipped(_placed(face, Zone(0.02, -0.10, 0.98, 1.17)), width, height)
    points = np.concatenate(
        [_outline(head, zone) for zone in (*FACE, *(one for part in ZONES.values() for one in part))]
    )
    left, top = np.floor(points.min(axis=0)).astype(int)
    right, bottom = np.ceil(points.max(axis=0)).astype(int)
    return clipped(Box(int(left), int(top), int(right - left) + 1, int(bottom - top) + 1), width, height)


def zone_mask(
    face: Box, zones: tuple[Zone, ...], within: Box, scale: float = 1.0, pose: HeadPose | None = None
) -> Mask:
    """The zones as a mask of the part `within` of the picture, resized by `scale`.

    With the `pose` of a head that is clearly turned they lie on its skin, and those that face away are left out.
    """
    mask = np.zeros((max(round(within.height * scale), 1), max(round(within.width * scale), 1)), np.uint8)
    head = Head.turned(face, pose)
    for zone in zones:
        if head is not None:
            _draw_turned(mask, head, zone, within, scale)
            continue
        box = _placed(face, zone)
        left, top = (box.x - within.x) * scale, (box.y - within.y) * scale
        width, height = box.width * scale, box.height * scale
        if zone.round:
            centre = (round(left + width / 2), round(top + height / 2))
            cv2.ellipse(
                mask, centre, (max(round(width / 2), 1), max(round(height / 2), 1)), 0, 0, 360, 255, -1
            )
        else:
            cv2.rectangle(
                mask, (round(left), round(top)), (round(left + width), round(top + height)), 255, -1
            )
    return mask


def zone_outlines(face: Box, pose: HeadPose | None = None) -> dict[str, NDArray[np.float64]]:
    """(16, 2) px of the picture around each zone, by its name.

    Those of a clearly turned head lie on its skin; those that face away are left out.
    """
    head = Head.turned(face, pose)
    around = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    found = {}
    for name, (zone,) in ZONES.items():
        across, down = _ellipse(zone, around)
        if head is None:
            found[name] = np.stack([face.x + across * face.width, face.y + down * face.height], -1)
        elif head.away_deg(*zone.middle) <= FACING_DEG:
            found[name] = head.places(across, down)
    return found


def clipped(box: Box, width: int, height: int) -> Box:
    """The part of a box that lies in a picture; at least one pixel, at the nearest edge if it lies outside."""
    left, top = min(max(box.x, 0), width - 1), min(max(box.y, 0), height - 1)
    right = min(max(box.x + box.width, left + 1), width)
    bottom = min(max(box.y + box.height, top + 1), height)
    return Box(left, top, right - left, bottom - top)


def _placed(face: Box, zone: Zone) -> Box:
    return Box(
        round(face.x + zone.left * face.width),
        round(face.y + zone.top * face.height),
        round((zone.right - zone.left) * face.width),
        round((zone.bottom - zone.top) * face.height),
    )


def _draw_turned(mask: Mask, head: Head, zone: Zone, within: Box, scale: float) -> None:
    if head.away_deg(*zone.middle) > FACING_DEG:
        return
    points = (_outline(head, zone) - (within.x, within.y)) * scale
    cv2.fillConvexPoly(mask, cv2.convexHull(np.rint(points).astype(np.int32)), 255)


def _outline(head: Head, zone: Zone) -> NDArray[np.float64]:
    """(32, 2): points of the zone's ellipse on the head, px of the picture."""
    return head.places(*_ellipse(zone, np.linspace(0, 2 * np.pi, 32, endpoint=False)))


def _ellipse(zone: Zone, angles: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Shares of the box across and down."""
    across, down = zone.middle
    return (
        across + (zone.right - zone.left) / 2 * np.cos(angles),
        down + (zone.bottom - zone.top) / 2 * np.sin(angles),
    )
