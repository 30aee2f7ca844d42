"""Colour of skin against a white: reflectance, melanin and erythema index, CIELAB and individual typology angle."""

import math
from dataclasses import dataclass

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from server.analysis.regions import SkinView
from station.protocol import Frame, FrameHeader, Light, Transfer
from station.quality import Linear, Mask, linear_pixels, read_tab

_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], np.float32)
_WHITE = np.array([0.95047, 1.0, 1.08883], np.float32)
"""D65 of IEC 61966-2-1."""
NO_WHITE = "no neutral tab in the picture"
NO_CALIBRATION = "no valid colour calibration"
NO_SCALE = "scale not calibrated"
FLUORESCENCE = "fluorescence has no reflectance"


@dataclass(frozen=True, eq=False)
class SkinColour:
    """The skin of a view as reflectance against white."""

    reflectance: Linear | None
    """(height, width, 3), 1 is a perfect white; None where no white is known."""
    calibrated: bool
    """A calibration record says how these colours become those of sRGB."""
    reason: str
    """Why there is no reflectance, or no calibrated colour."""
    matrix: NDArray[np.float32] | None = None
    """3x3 of the calibration record, from reflectance to linear sRGB; None: the primaries are those of sRGB."""

    @property
    def linear_srgb(self) -> Linear | None:
        """The reflectance with sRGB primaries, as far as a record knows."""
        if self.reflectance is None or self.matrix is None:
            return self.reflectance
        return np.asarray(cv2.transform(self.reflectance, self.matrix), np.float32)


def skin_colour(srgb: NDArray[np.uint8], header: FrameHeader, view: SkinView) -> SkinColour:
    """The colours of a view, from the picture as uint8 sRGB (H, W, 3).

    The white is the neutral tab, or of a calibrated picture without one its white level; without either, and in
    fluorescence, no colour is told, and why.
    """
    if header.light is Light.UV:
        return SkinColour(None, False, FLUORESCENCE)
    frame = Frame(_developed(header), srgb)
    tab = read_tab(frame, header.neutral_tab)
    calibrated = header.calibration is not None and not header.color_refused
    matrix = _matrix(header) if calibrated else None
    if (tab is None or tab.clipped) and (not calibrated or matrix is not None):
        return SkinColour(None, False, NO_WHITE)
    white = np.ones(3, np.float32)
    if tab is not None and not tab.clipped:
        white = np.array(tab.mean, np.float32) / np.float32(tab.reflectance)
    box = view.within
    part = np.ascontiguousarray(srgb[box.y : box.y + box.height, box.x : box.x + box.width])
    height, width = view.everything.shape
    light = linear_pixels(frame.header, part)
    if light.shape[:2] != (height, width):
        light = np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_AREA), np.float32)
    return SkinColour(light / white, calibrated, "" if calibrated else no_colour(header), matrix)


def no_colour(header: FrameHeader) -> str:
    """Why there is no calibrated colour, as the booth said."""
    return header.color_refused or NO_CALIBRATION


def no_scale(header: FrameHeader) -> str:
    """Why there are no millimetres, as the booth said."""
    return header.scale_refused or NO_SCALE


def pigment_indices(reflectance: Linear, region: Mask) -> tuple[float, float]:
    """Melanin index 100 log10(1/R) and erythema index 100 log10(R/G) of the mean reflectance (Takiwaki 1998)."""
    red, green = (max(float(value), 1e-4) for value in cv2.mean(reflectance, region)[:2])
    return 100 * math.log10(1 / red), 100 * math.log10(red / green)


def lab(reflectance: Linear) -> Linear:
    """CIELAB (D65, 2 degrees; CIE 15) of each pixel."""
    relative = cv2.transform(reflectance, _XYZ / _WHITE[:, None])
    t = np.maximum(relative, 0)
    f = np.where(t > 216 / 24389, np.cbrt(t), np.float32(24389 / 27 / 116) * t + np.float32(16 / 116))
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.dstack([116 * y - 16, 500 * (x - y), 200 * (y - z)]).astype(np.float32)


def typology_angle(lightness: float, b: float) -> float | None:
    """Individual typology angle in degrees (Chardon 1991): atan((L* - 50) / b*); None where b* is not positive."""
    return math.degrees(math.atan2(lightness - 50, b)) if b > 0 else None


def _matrix(header: FrameHeader) -> NDArray[np.float32] | None:
    """A record's matrix is for colours over the tab's white, so it says nothing without a tab."""
    return None if header.color_matrix is None else np.array(header.color_matrix, np.float32).reshape(3, 3)


def _developed(header: FrameHeader) -> FrameHeader:
    return msgspec.structs.replace(
        header, bit_depth=8, transfer=Transfer.SRGB, black_level=0, white_level=255
    )
