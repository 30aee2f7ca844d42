"""The part of a frame that quality is measured on, as light, with the zones of the face in it."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Box, Face, Frame, FrameHeader, Light, NeutralTab
from station.quality.noise import second_differences
from station.quality.tone import LUMINANCE, Linear, clip_code, linear_pixels, luminance
from station.quality.zones import FACE, QUALITY_ZONES, ZONES, Mask, Zone, clipped, extent, zone_mask

PICTURE = "picture"
SKIN = "skin"
POLARISED = frozenset({Light.CROSS_POLARISED, Light.PARALLEL_POLARISED})
SMALLEST_ZONE = 64
"""A zone with fewer pixels of skin than this is left out."""
SMALLEST_TAB = 8
"""Shortest side of a neutral tab that can be measured, px."""
_ALL = (Zone(-0.1, -0.1, 1.1, 1.1, round=False),)


@dataclass(frozen=True)
class Reading:
    """One measured number, before it is held against a threshold."""

    name: str
    value: float | None
    """None: cannot be told, and `reason` says why."""
    unit: str
    region: str = PICTURE
    reason: str = ""
    given: bool = True
    """False: nobody gave what it is measured from (landmarks, an earlier picture); it then has no part in the verdict."""
    fault: str = ""
    """Which of its faults it is, where the operator's sentence depends on it."""


@dataclass(frozen=True, eq=False)
class Tab:
    """The neutral tab, edges left out."""

    light: Linear
    mean: tuple[float, float, float]
    """Linear R, G, B."""
    level: float
    """Y of the mean."""
    reflectance: float
    clipped: bool
    """More than 1 % of its samples are at the top of the scale."""

    @property
    def white(self) -> float:
        """Level that a perfect white reads under this light."""
        return self.level / self.reflectance


@dataclass(frozen=True, eq=False)
class Sample:
    """What the measures read."""

    header: FrameHeader
    region: str
    """`skin`, `face` or `picture`; with `, 1/n scale` where n x n pixels were averaged."""
    light: Linear
    """The part of the frame, (height, width, 3)."""
    skin: Mask
    """Of the same height and width: where the measures look."""
    outline: Mask
    """The whole face with its eyes and brows, or everything where no face is given."""
    zones: dict[str, Mask] = field(default_factory=dict)
    """Zones of the face within `skin`; empty without a face."""
    zone_outlines: dict[str, Mask] = field(default_factory=dict)
    """The same zones with all that is in them; empty without a face."""
    within: Box = field(default_factory=lambda: Box(0, 0, 0, 0))
    """The part of the frame."""
    clipped: float = 0.0
    """Share of `skin` with any channel at 250/255 of the white level or more."""
    tab: Tab | None = None

    @cached_property
    def luminance(self) -> NDArray[np.float32]:
        """Y of `light`."""
        return luminance(self.light)

    @cached_property
    def differences(self) -> NDArray[np.float32]:
        """Second differences of Y, by which noise is told."""
        return second_differences(self.luminance)

    @property
    def parts(self) -> dict[str, Mask]:
        """The zones, or the whole region where there are none."""
        return self.zones or {self.region: self.skin}

    @property
    def white(self) -> float:
        """Level of a perfect white in both polarisations: from the neutral tab, or the white level itself.

        A matte surface sends half its light into either polarisation, so polarised pictures hold half of it.
        """
        if self.tab is None or self.tab.clipped:
            return 1.0
        return self.tab.white * (2.0 if self.header.light in POLARISED else 1.0)


def take_sample(
    frame: Frame, face: Face | Box | None = None, skin: Mask | None = None, *, reduction: int = 1
) -> Sample:
    """Read the face, or the middle half of the picture where no face is given. A face that knows its pose has its zones
    where they are when the head is turned.

    `skin` (frame height x width, non-zero on skin) narrows it to skin. A `reduction` of n averages n x n pixels.
    """
    header = frame.header
    face = Face(box=face) if isinstance(face, Box) else face
    within = _within(face, skin, header)
    scale = 1 / reduction
    pixels = np.asarray(_reduced(_cut(frame.pixels, within), scale, cv2.INTER_AREA))
    mask = outline = _outline(face, within, scale)
    if skin is not None:
        seen = np.asarray(_reduced(_cut(skin, within), scale, cv2.INTER_NEAREST), np.uint8)
        mask = np.where(seen > 0, mask, np.uint8(0))
    outlines = _zones(face, within, scale)
    name = SKIN if skin is not None else "face" if face is not None else PICTURE
    return Sample(
        header=header,
        region=name if reduction == 1 else f"{name}, 1/{reduction} scale",
        light=linear_pixels(header, pixels),
        skin=mask,
        outline=outline,
        zones=_narrowed(outlines, mask),
        zone_outlines=outlines,
        within=within,
        clipped=_clipped_share(header, pixels, mask),
        tab=read_tab(frame, header.neutral_tab),
    )


def read_tab(frame: Frame, tab: NeutralTab | None) -> Tab | None:
    """The neutral tab of the frame, its outer sixth left out; None where there is none or it is too small."""
    if tab is None:
        return None
    edge_x, edge_y = tab.box.width // 6, tab.box.height // 6
    inner = Box(
        tab.box.x + edge_x, tab.box.y + edge_y, tab.box.width - 2 * edge_x, tab.box.height - 2 * edge_y
    )
    inner = clipped(inner, frame.header.width, frame.header.height)
    if min(inner.width, inner.height) < SMALLEST_TAB:
        return None
    pixels = _cut(frame.pixels, inner)
    light = linear_pixels(frame.header, pixels)
    red, green, blue = (max(float(v), 1e-6) for v in light.reshape(-1, 3).mean(0))
    level = float(np.dot(LUMINANCE, (red, green, blue)))
    at_top = float((pixels >= clip_code(frame.header)).mean())
    return Tab(light, (red, green, blue), level, tab.reflectance, at_top > 0.01)


def cut_mask(mask: Mask, sample: Sample) -> Mask:
    """The part of a mask of the whole frame that the sample shows, at its size."""
    height, width = sample.skin.shape
    part = _cut(mask, sample.within)
    if part.shape != (height, width):
        part = np.asarray(cv2.resize(part, (width, height), interpolation=cv2.INTER_NEAREST))
    return np.asarray(part, np.uint8)


def _within(face: Face | None, skin: Mask | None, header: FrameHeader) -> Box:
    if face is not None:
        return extent(face.box, header.width, header.height, face.pose)
    if skin is not None and cv2.countNonZero(skin):
        x, y, width, height = cv2.boundingRect(skin)
        return Box(x, y, width, height)
    quarter_x, quarter_y = header.width // 4, header.height // 4
    middle = Box(quarter_x, quarter_y, header.width - 2 * quarter_x, header.height - 2 * quarter_y)
    return clipped(middle, header.width, header.height)


def _cut(values: NDArray[Any], box: Box) -> NDArray[Any]:
    return np.ascontiguousarray(values[box.y : box.y + box.height, box.x : box.x + box.width])


def _reduced(values: NDArray[Any], scale: float, interpolation: int) -> NDArray[Any]:
    """Resized to the size that `zone_mask` gives its masks."""
    if scale == 1:
        return values
    height, width = (max(round(side * scale), 1) for side in values.shape[:2])
    return np.asarray(cv2.resize(values, (width, height), interpolation=interpolation))


def _outline(face: Face | None, within: Box, scale: float) -> Mask:
    if face is None:
        return zone_mask(Box(within.x, within.y, within.width, within.height), _ALL, within, scale)
    return zone_mask(face.box, FACE, within, scale, face.pose)


def _zones(face: Face | None, within: Box, scale: float) -> dict[str, Mask]:
    if face is None:
        return {}
    masks = {name: zone_mask(face.box, ZONES[name], within, scale, face.pose) for name in QUALITY_ZONES}
    return {name: mask for name, mask in masks.items() if cv2.countNonZero(mask)}


def _narrowed(outlines: dict[str, Mask], skin: Mask) -> dict[str, Mask]:
    found = {name: np.asarray(cv2.bitwise_and(mask, skin), np.uint8) for name, mask in outlines.items()}
    return {name: mask for name, mask in found.items() if cv2.countNonZero(mask) >= SMALLEST_ZONE}


def _clipped_share(header: FrameHeader, pixels: NDArray[np.uint8] | NDArray[np.uint16], mask: Mask) -> float:
    area = cv2.countNonZero(mask)
    red, green, blue = cv2.split(pixels)
    brightest = cv2.max(cv2.max(red, green), blue)
    at_top = (brightest >= clip_code(header)).view(np.uint8)
    return cv2.countNonZero(cv2.bitwise_and(at_top, mask)) / area if area else 0.0
