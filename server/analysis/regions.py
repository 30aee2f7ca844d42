"""The regions of a face: proportions of its box, narrowed to the skin that is in sight. Sides are the subject's."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis.geometry import in_box
from server.analysis.layers import LayerMap
from station.protocol import Box, Face, Layer
from station.quality import FACE, ZONES, Mask, Zone, extent, zone_mask

WHOLE_FACE = "face"
WHOLE_SKIN = "skin"
OUTLINES = {WHOLE_FACE: FACE, **ZONES}
"""Outline of each region, the whole face first."""
FEATURES = (
    Zone(0.14, 0.30, 0.46, 0.50),
    Zone(0.54, 0.30, 0.86, 0.50),
    Zone(0.34, 0.61, 0.66, 0.76),
    Zone(0.26, 0.73, 0.74, 0.97),
)
"""Eyes with their lids, nostrils, and mouth: dark or red without being a finding."""
WORKING_WIDTH = 640
"""Faces wider than this are measured on a reduced copy, px."""
SMALLEST_COVER = 0.15
"""A region with a smaller share of skin in its outline is not measured."""
SMALLEST_AREA = 40
"""A region with fewer pixels of skin is not measured."""


@dataclass(frozen=True, eq=False)
class SkinView:
    """The skin of a picture, cut out and reduced, with its regions."""

    within: Box
    """The part of the picture."""
    scale: float
    """At most 1: size here over size there."""
    face_width: float
    """Width of the face box here, px; the width of the cut where no face is known."""
    regions: Mapping[str, Mask]
    """255 on the skin of each region; empty masks are left out."""
    plain: Mask
    """All of the skin without the features of the face."""
    _quantities: dict[Layer, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def everything(self) -> Mask:
        """All of the skin."""
        return next(iter(self.regions.values()))

    def cut(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """That part of a map or picture of the full size, averaged to the scale of the regions: (h, w) or (h, w, 3)."""
        box = self.within
        part = np.ascontiguousarray(values[box.y : box.y + box.height, box.x : box.x + box.width])
        height, width = self.everything.shape
        if part.shape[:2] != (height, width):
            part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA))
        return part.astype(np.float32)

    def quantity(self, layer: LayerMap) -> NDArray[np.float32]:
        """That part of a map in its unit, (h, w) of the view; made once."""
        if layer.layer not in self._quantities:
            self._quantities[layer.layer] = layer.quantity(self.cut(layer.pixels))
        return self._quantities[layer.layer]

    @cached_property
    def inner(self) -> Mask:
        """The plain skin without its rim of a fiftieth of the face, where brows, hair and ears begin."""
        framed = cv2.copyMakeBorder(self.plain, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_5)[1:-1, 1:-1]
        reach = max(1, round(0.02 * self.face_width))
        return np.where(depth > reach, np.uint8(255), np.uint8(0))

    def spread(self, mask: Mask, height: int, width: int) -> NDArray[np.bool_]:
        """A mask (h, w) of this view as a mask (`height`, `width`) of the whole picture."""
        box = self.within
        full = np.zeros((height, width), bool)
        part = cv2.resize(mask, (box.width, box.height), interpolation=cv2.INTER_NEAREST)
        full[box.y : box.y + box.height, box.x : box.x + box.width] = part > 0
        return full


def face_regions(face: Face, skin: NDArray[np.uint8], shape: tuple[int, ...]) -> dict[str, NDArray[np.bool_]]:
    """The regions of a face as masks of a picture of this (height, width), the whole face first.

    `skin` is over 127 on skin, of the picture's size. A region with next to no skin in sight is left out.
    """
    height, width = shape[:2]
    view = _face_view(face, skin, width, height, scale=1.0)
    return {name: view.spread(mask, height, width) for name, mask in view.regions.items()}


def skin_view(face: Face | None, skin: NDArray[np.uint8]) -> SkinView | None:
    """The regions of the face at their working size; without a face all skin is one region. None: no skin in sight."""
    height, width = skin.shape
    if face is not None:
        view = _face_view(face, skin, width, height, scale=min(1.0, WORKING_WIDTH / max(face.box.width, 1)))
    else:
        view = _whole_view(skin)
    return view if view.regions else None


def _face_view(face: Face, skin: NDArray[np.uint8], width: int, height: int, scale: float) -> SkinView:
    within = extent(face.box, width, height)
    seen = _reduced_mask(skin[within.y : within.y + within.height, within.x : within.x + within.width], scale)
    regions = {}
    for name, zones in OUTLINES.items():
        outline = _outline(face, zones, within, scale)
        mask = np.asarray(cv2.bitwise_and(outline, seen), np.uint8)
        area = cv2.countNonZero(mask)
        if area >= max(SMALLEST_AREA, SMALLEST_COVER * cv2.countNonZero(outline)):
            regions[name] = mask
    if WHOLE_FACE not in regions:
        regions = {}
    features = _outline(face, FEATURES, within, scale)
    plain = np.where(features > 0, np.uint8(0), regions.get(WHOLE_FACE, np.zeros_like(seen)))
    return SkinView(within, scale, face.box.width * scale, regions, plain)


def _outline(face: Face, zones: tuple[Zone, ...], within: Box, scale: float) -> Mask:
    """The zones of a face: turned and stretched with its landmarks where these are known, else those of its box."""
    matrix = in_box(face)
    if matrix is None:
        return zone_mask(face.box, zones, within, scale)
    mask = np.zeros((max(round(within.height * scale), 1), max(round(within.width * scale), 1)), np.uint8)
    angles = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    for zone in zones:
        middle = ((zone.left + zone.right) / 2, (zone.top + zone.bottom) / 2)
        half = ((zone.right - zone.left) / 2, (zone.bottom - zone.top) / 2)
        own = np.c_[
            middle[0] + half[0] * np.cos(angles), middle[1] + half[1] * np.sin(angles), angles * 0 + 1
        ]
        points = (own @ matrix.T - (within.x, within.y)) * scale
        cv2.fillPoly(mask, [np.rint(points).astype(np.int32)], 255)
    return mask


def _whole_view(skin: NDArray[np.uint8]) -> SkinView:
    height, width = skin.shape
    scale = min(1.0, WORKING_WIDTH / max(width, height))
    mask = _reduced_mask(skin, scale)
    enough = cv2.countNonZero(mask) >= max(SMALLEST_AREA, 0.01 * mask.size)
    regions = {WHOLE_SKIN: mask} if enough else {}
    return SkinView(Box(0, 0, width, height), scale, width * scale, regions, mask)


def _reduced_mask(skin: NDArray[np.uint8], scale: float) -> Mask:
    height, width = (max(round(side * scale), 1) for side in skin.shape)
    part = np.ascontiguousarray(skin)
    if part.shape != (height, width):
        part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.threshold(part, 127, 255, cv2.THRESH_BINARY)[1], np.uint8)
