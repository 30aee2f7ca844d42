"""Sharpness: how much of the detail at twice the pixel pitch is there at the pixel pitch too.

The variance of the Laplacian (Pech-Pacheco 2000) grows with the contrast of the skin: over the square of the mean it is ten
times higher on dark skin than on light skin in the same focus. Its ratio to the same variance at half scale keeps the slope of
the spectrum, which the optics set, and cancels the contrast, which the person brings.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.quality.noise import tab_noise
from station.quality.sample import Reading, Sample
from station.quality.zones import Mask

_GAUSS_LAPLACIAN = np.array(
    [[0, 1, 2, 1, 0], [1, 0, -2, 0, 1], [2, -2, -8, -2, 2], [1, 0, -2, 0, 1], [0, 1, 2, 1, 0]], np.float32
) / np.float32(16)
"""Laplacian after a 3x3 Gauss."""
_NOISE_GAIN = float((_GAUSS_LAPLACIAN**2).sum())
"""Variance that white noise of unit variance leaves in the filtered picture."""
_ABOVE_NOISE = 3.0
DETAIL = "detail ratio"
CONTRAST = "1e-4"
WHOLE = "whole"
WORKING_WIDTH = 320
SMALLEST_FACE = 80
TOO_SMALL = "The face is too small in the picture."

_Plane = NDArray[np.float32]


def sharpness(sample: Sample) -> tuple[Reading, ...]:
    """`sharpness` of the face and `zone_sharpness` of its least sharp zone, as detail ratio.

    The ratio of the variance of the Laplacian of Y after a 3x3 Gauss at full and at half scale, each less the noise measured
    on the neutral tab and scaled as photon noise. About 0.4 where a point is spread over 0.6 px (standard deviation), 0.2 at
    1.2 px, 0.12 at 2 px.
    """
    if min(sample.skin.shape) < SMALLEST_FACE // 2:
        return (Reading("sharpness", None, DETAIL, sample.region, TOO_SMALL),)
    values = detail_ratios(sample)
    whole = Reading("sharpness", values.pop(WHOLE), DETAIL, _outline_name(sample))
    if not sample.zones:
        return (whole,)
    if not values:
        reason = "The skin shows no detail above the noise."
        return whole, Reading("zone_sharpness", None, DETAIL, sample.region, reason, given=False)
    zone = min(values, key=lambda name: values[name])
    return whole, Reading("zone_sharpness", values[zone], DETAIL, zone)


def detail_ratios(sample: Sample) -> dict[str, float]:
    """The detail ratio of the `whole` face, eyes and brows included, and of the skin of every zone that tells.

    A zone is left out whose detail at half scale is less than three times the noise at full scale, which is known to an
    eighth: what is smooth or dark under noise would read as blurred.
    """
    fine = sample.luminance
    coarse = cv2.resize(fine, (fine.shape[1] // 2, fine.shape[0] // 2), interpolation=cv2.INTER_AREA)
    planes = _edges(fine), _edges(np.asarray(coarse, np.float32))
    found = {WHOLE: _Detail.of(sample, fine, planes, sample.outline).ratio}
    for name, mask in sample.zones.items():
        detail = _Detail.of(sample, fine, planes, mask)
        if detail.coarse >= _ABOVE_NOISE * detail.noise:
            found[name] = detail.ratio
    return found


def face_sharpness(sample: Sample) -> Reading:
    """`sharpness` of the whole face, eyes and brows included, of a photograph whose scale is unknown.

    The variance of the Laplacian of Y after a 3x3 Gauss over the square of the mean, in units of 1e-4, on a copy reduced to
    a width of 320 px at most, so that one limit fits every camera. Cannot be told of a face narrower than 80 px.
    """
    height, width = sample.skin.shape
    if width < SMALLEST_FACE:
        return Reading("sharpness", None, CONTRAST, sample.region, TOO_SMALL)
    y, mask, region = sample.luminance, sample.outline, _outline_name(sample)
    if width > WORKING_WIDTH:
        size = WORKING_WIDTH, max(round(height * WORKING_WIDTH / width), 1)
        y = np.asarray(cv2.resize(y, size, interpolation=cv2.INTER_AREA), np.float32)
        mask = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        region = f"{region}, reduced to {WORKING_WIDTH} px"
    mean = max(float(cv2.mean(y, mask)[0]), 1e-4)
    return Reading("sharpness", 1e4 * _power(_edges(y), mask) / mean**2, CONTRAST, region)


def _outline_name(sample: Sample) -> str:
    """`skin` is the face narrowed; sharpness looks at all of the face."""
    return sample.region.replace("skin", "face")


@dataclass(frozen=True)
class _Detail:
    """Variances of the filtered picture in one region."""

    fine: float
    """At full scale, noise taken off."""
    coarse: float
    """At half scale, noise taken off."""
    noise: float
    """At full scale."""

    @classmethod
    def of(cls, sample: Sample, y: _Plane, planes: tuple[_Plane, _Plane], mask: Mask) -> "_Detail":
        inner = np.asarray(cv2.erode(mask, np.ones((7, 7), np.uint8)), np.uint8)
        inner = inner if cv2.countNonZero(inner) else mask
        fine, coarse = planes
        half = np.asarray(cv2.resize(inner, coarse.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
        noise = _NOISE_GAIN * _noise_variance(sample, float(cv2.mean(y, inner)[0]))
        return cls(max(_power(fine, inner) - noise, 0.0), _power(coarse, half) - noise / 4, noise)

    @property
    def ratio(self) -> float:
        return self.fine / max(self.coarse, self.noise / 4, 1e-12)


def _noise_variance(sample: Sample, level: float) -> float:
    tab = sample.tab
    if tab is None or tab.clipped:
        return 0.0
    return tab_noise(tab.light) ** 2 * level / tab.level


def _edges(y: _Plane) -> _Plane:
    return np.asarray(cv2.filter2D(y, cv2.CV_32F, _GAUSS_LAPLACIAN), np.float32)


def _power(edges: _Plane, mask: Mask) -> float:
    return float(cv2.meanStdDev(edges, mask=mask)[1][0, 0]) ** 2
