"""Roughness of skin as it is seen: local contrast of the relief between a tenth of a millimetre and one."""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis.colour import no_scale
from server.analysis.regions import WHOLE_FACE, SkinView
from station.protocol import Frame, Measure
from station.quality import linear_pixels, luminance

TEXTURE = "texture/1"
TEXTURE_PX_PER_MM = 10.0
"""Scale from which a tenth of a millimetre is seen."""
FINEST_MM, COARSEST_MM = 0.05, 0.5
"""Standard deviations of the Gaussians whose difference is the band."""
PLACES = ("forehead", "left_cheek", "right_cheek", "nose", "chin")


def measure_texture(frame: Frame, view: SkinView) -> tuple[Measure, ...]:
    """Sa and Sq (ISO 25178-2, of relative luminance in place of height) of each region, in %.

    The band is the difference of two Gaussians over the local mean. Not measurable under 10 px/mm or without a scale.
    """
    scale = frame.header.px_per_mm
    if scale is None or scale < TEXTURE_PX_PER_MM:
        needed = f"{TEXTURE_PX_PER_MM:.0f}"
        reason = (
            f"{no_scale(frame.header)}, needs {needed} px/mm"
            if scale is None
            else f"{scale:.1f} px/mm, needs {needed}"
        )
        return (
            Measure(
                region=WHOLE_FACE,
                name="texture_roughness",
                value=None,
                unit="%",
                method=TEXTURE,
                reason=reason,
            ),
        )
    return tuple(_measures(frame, view, scale))


def _measures(frame: Frame, view: SkinView, scale: float) -> Iterator[Measure]:
    for name in PLACES:
        region = view.regions.get(name)
        if region is None:
            continue
        relief, mask = _relief(frame, view, region, scale)
        values = np.abs(relief[mask > 0])
        if values.size:
            rms = float(np.sqrt(np.mean(values**2)))
            for word, value in (("roughness", float(values.mean())), ("rms", rms)):
                yield Measure(
                    region=name, name=f"texture_{word}", value=100 * value, unit="%", method=TEXTURE
                )


def _relief(
    frame: Frame, view: SkinView, region: NDArray[np.uint8], scale: float
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """The band of one region's box at full resolution, and its skin."""
    x, y, width, height = cv2.boundingRect(region)
    left, top = view.within.x + int(x / view.scale), view.within.y + int(y / view.scale)
    right, bottom = left + int(width / view.scale), top + int(height / view.scale)
    part = frame.pixels[top:bottom, left:right]
    light = luminance(linear_pixels(frame.header, part))
    fine = cv2.GaussianBlur(light, (0, 0), FINEST_MM * scale)
    coarse = cv2.GaussianBlur(light, (0, 0), COARSEST_MM * scale)
    mask = cv2.resize(
        region[y : y + height, x : x + width], part.shape[1::-1], interpolation=cv2.INTER_NEAREST
    )
    return np.asarray((fine - coarse) / np.maximum(coarse, 1e-4), np.float32), np.asarray(mask, np.uint8)
