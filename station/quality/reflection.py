"""Specular reflection: estimated in one picture by its colour, measured in a pair of polarised pictures.

Dichromatic model (Shafer 1985): a picture of skin is a part with the colour of the skin and a part with the colour of the
light, which is white after white balance. Skin absorbs some of every colour, so a reflection shows as lost chroma.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Frame, Light
from station.quality.robust import deviation, median
from station.quality.sample import PICTURE, Reading, Sample
from station.quality.tone import Linear, luminance
from station.quality.zones import Mask

_Values = NDArray[np.float32]

HOT_SPOT = 0.05
"""A pixel of a polarised pair is a hot spot when it reflects more than this share of a perfect white, whatever the skin."""
HIGHLIGHT = 0.15
"""The same for a single picture, whose estimate is less sure."""
WORKING_SIDE = 256
"""The single-picture estimate works on a copy with at most this height or width, px."""
_GRID = 32
_LEAST_SKIN = 0.05
"""Least share of skin-coloured pixels where no face is known."""
_SLIGHT = 0.002
"""Reflection of a pair that is no more than its noise, of white."""


def specular_part(light: Linear, skin: Mask) -> NDArray[np.float32]:
    """The white part S of each pixel, in the unit of `light`; 0 outside `skin`, negative where skin has more chroma.

    The whiteness of the skin without reflection, its weakest channel as share of the sum, is a quadratic surface over the
    face, fitted without the cells that stand out as white; S is the white light to add for the whiteness that is seen.
    """
    total = np.maximum(cv2.transform(light, np.ones((1, 3), np.float32)), 1e-4)
    weakest = np.asarray(cv2.min(cv2.min(light[..., 0], light[..., 1]), light[..., 2]), np.float32)
    diffuse = _diffuse_whiteness(weakest, total, skin)
    white = (weakest - diffuse * total) / (1 - 3 * diffuse)
    white[skin == 0] = 0
    return np.asarray(white, np.float32)


def highlights(light: Linear, skin: Mask) -> Mask:
    """Where skin reflects the lamp, 255 or 0; `light` in units of a perfect white.

    It is the loss of chroma that counts and not brightness, and the reflection is held against white and not against the
    skin, so dark and light skin are treated alike.
    """
    return np.where(specular_part(light, skin) > HIGHLIGHT, np.uint8(255), np.uint8(0))


def specular_reflection(sample: Sample) -> Reading:
    """`specular_reflection`: % of the worst zone that is a highlight, estimated at a height of 256 px or less.

    Without a face, of what has the colour of skin in the middle of the picture; cannot be told if that is next to nothing.
    """
    scale = min(1.0, WORKING_SIDE / max(sample.skin.shape))
    light, skin = _reduced(sample.light, scale) / np.float32(sample.white), _reduced_mask(sample.skin, scale)
    parts = {name: _reduced_mask(mask, scale) for name, mask in sample.parts.items()}
    if sample.region.startswith(PICTURE):
        skin = _skin_coloured(light)
        if cv2.countNonZero(skin) < _LEAST_SKIN * skin.size:
            return Reading(
                "specular_reflection", None, "%", sample.region, "No skin in the middle of the picture."
            )
        parts = {sample.region: skin}
    return _worst_zone("specular_reflection", highlights(light, skin), parts)


def _skin_coloured(light: Linear) -> Mask:
    """Pixels redder than green and greener than blue, with the highlights that they enclose; reliable enough to look at."""
    red, green, blue = cv2.split(np.maximum(light, 1e-4))
    seen = (red > 1.15 * green) & (red < 2.6 * green) & (green > 1.02 * blue) & (red > 0.02)
    size = max(3, round(max(seen.shape) / 12)) | 1
    closed = cv2.morphologyEx(
        cv2.morphologyEx(seen.astype(np.uint8) * 255, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)),
        cv2.MORPH_CLOSE,
        cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)),
    )
    return np.asarray(closed, np.uint8)


def _worst_zone(name: str, hot: Mask, zones: dict[str, Mask]) -> Reading:
    shares = {
        zone: 100 * cv2.countNonZero(cv2.bitwise_and(hot, mask)) / max(cv2.countNonZero(mask), 1)
        for zone, mask in zones.items()
    }
    worst = max(shares, key=lambda zone: shares[zone])
    return Reading(name, shares[worst], "%", worst)


@dataclass(frozen=True, eq=False)
class PolarisedPair:
    """One view under parallel and crossed polarisers, registered.

    Both are brought to one scale by the neutral tab: 1 is the light of a perfect white in both polarisations, so that
    I_par = D/2 + S and I_cross = D/2 for skin of diffuse reflectance D.
    """

    parallel: Linear
    cross: Linear
    skin: Mask

    @property
    def reflection(self) -> NDArray[np.float32]:
        """S = I_par - I_cross of Y; negative values are noise."""
        return luminance(self.parallel) - luminance(self.cross)


def polarised_pair(first: Sample, second: Sample) -> PolarisedPair | None:
    """The pair of one parallel- and one cross-polarised sample of the same part of the picture; None if it is none."""
    by_light = {sample.header.light: sample for sample in (first, second)}
    parallel, cross = by_light.get(Light.PARALLEL_POLARISED), by_light.get(Light.CROSS_POLARISED)
    if parallel is None or cross is None or parallel.light.shape != cross.light.shape:
        return None
    return PolarisedPair(
        parallel.light / np.float32(parallel.white),
        cross.light / np.float32(cross.white if cross.tab is not None else parallel.white),
        first.skin,
    )


def is_pair(first: Frame, second: Frame) -> bool:
    """Whether the two frames are a parallel and a cross-polarised picture of one size."""
    lights = {first.header.light, second.header.light}
    return (
        lights == {Light.PARALLEL_POLARISED, Light.CROSS_POLARISED}
        and first.pixels.shape == second.pixels.shape
    )


def polarised_reflection(pair: PolarisedPair, region: str, zones: dict[str, Mask]) -> tuple[Reading, ...]:
    """`polarised_reflection`: % hot spots of the worst zone; `gloss`: reflected % of the light of the whole skin."""
    hot = (pair.reflection > HOT_SPOT).view(np.uint8)
    return (
        _worst_zone("polarised_reflection", hot, zones or {region: pair.skin}),
        Reading("gloss", gloss_share(pair, pair.skin), "%", region),
    )


def gloss_share(pair: PolarisedPair, region: Mask) -> float:
    """% of the light of a region that the surface reflects: sum of S over sum of I_par."""
    incoming = cv2.mean(luminance(pair.parallel), region)[0]
    return 100 * float(cv2.mean(pair.reflection, region)[0]) / max(float(incoming), 1e-6)


def polariser_leak(pair: PolarisedPair, region: str) -> Reading:
    """`polariser`: % of the reflection of the parallel picture that the crossed polarisers let through.

    0 % is perfectly crossed, 100 % not turned, 200 % swapped. The single-picture estimates of both are compared by how they
    go with the difference of the pictures, in which the errors that both share have no part: small detail only, and only
    what the brightness of the crossed picture does not explain. Reads up to 15 points high on very light skin.
    """
    scale = min(1.0, WORKING_SIDE / max(pair.skin.shape))
    skin = _reduced_mask(pair.skin, scale)
    inner = np.asarray(cv2.erode(skin, np.ones((9, 9), np.uint8)), np.uint8)
    if cv2.countNonZero(inner) < _GRID * _GRID // 4:
        return Reading("polariser", None, "%", region, "Too little skin in the picture.")
    parallel, cross = _reduced(pair.parallel, scale), _reduced(pair.cross, scale)
    brightness = luminance(cross)
    planes = (
        specular_part(parallel, skin),
        specular_part(cross, skin),
        luminance(parallel) - brightness,
        np.log(np.maximum(brightness, 1e-3)),
    )
    leak = _leak(*(_detail(plane, skin)[inner > 0] for plane in planes))
    return Reading(
        "polariser", leak, "%", region, "" if leak is not None else "Too little reflection to tell."
    )


def _leak(parallel: _Values, cross: _Values, difference: _Values, brightness: _Values) -> float | None:
    if float(difference.std()) < _SLIGHT:
        if float(parallel.std()) < 2 * _SLIGHT:
            return None
        return 100 * max(0.0, _covariance(cross, parallel) / max(float(parallel.var()), 1e-9))
    if _covariance(parallel, difference) <= 0 or _covariance(cross, difference) < 0:
        swapped = _covariance(cross, difference) < -abs(_covariance(parallel, difference))
        return 200.0 if swapped else 0.0
    terms = np.stack([np.ones_like(brightness), brightness, brightness**2], -1)
    unexplained = difference - terms @ np.linalg.lstsq(terms, difference, rcond=None)[0]
    seen, leaked = _covariance(parallel, unexplained), _covariance(cross, unexplained)
    return 100 * min(max(leaked / seen, 0.0), 2.0) if seen > 0 else None


def _detail(plane: _Values, skin: Mask) -> _Values:
    """What stands out of the mean over the skin around, a thirtieth of the picture wide."""
    weight = (skin > 0).astype(np.float32)
    sigma = max(skin.shape) / 32
    around = cv2.GaussianBlur(plane * weight, (0, 0), sigma)
    return np.asarray(plane - around / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3), np.float32)


def _covariance(first: _Values, second: _Values) -> float:
    return float(np.mean((first - first.mean()) * (second - second.mean())))


def _diffuse_whiteness(weakest: _Values, total: _Values, skin: Mask) -> _Values:
    """Weakest channel as share of the sum, of skin without reflections, over the whole picture."""
    height, width = skin.shape
    columns, rows = _size(width, height, min(1.0, _GRID / max(height, width)))
    weight = (skin > 0).astype(np.float32)
    cells = [
        cv2.resize(values * weight, (columns, rows), interpolation=cv2.INTER_AREA)
        for values in (weakest, total)
    ]
    share = cv2.resize(weight, (columns, rows), interpolation=cv2.INTER_AREA)
    filled = share > 0.5 if (share > 0.5).sum() >= 12 else share >= 0
    terms = _quadratic(columns, rows)
    whiteness = np.asarray(cells[0] / np.maximum(cells[1], 1e-6), np.float64)
    surface = np.dot(terms, _fit(terms[filled.ravel()], whiteness[filled]))
    full = cv2.resize(surface.reshape(rows, columns).astype(np.float32), (width, height))
    return np.asarray(np.clip(full, 0.02, 0.32), np.float32)


def _fit(terms: NDArray[np.float64], whiteness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients of the surface through the cells that are not too white for it."""
    kept = np.ones(whiteness.size, bool)
    coefficients: NDArray[np.float64] = np.zeros(terms.shape[1])
    for _ in range(4):
        chosen = terms[kept]
        # The normal equations of six terms: a tenth of the time of all cells at once, and still of least norm.
        coefficients = np.asarray(
            np.linalg.lstsq(chosen.T @ chosen, chosen.T @ whiteness[kept], rcond=None)[0], np.float64
        )
        residual = whiteness - terms @ coefficients
        middle = median(residual[kept])
        kept = residual - middle <= 1.5 * deviation(residual[kept], middle) + 1e-6
    return coefficients


@lru_cache(maxsize=8)
def _quadratic(columns: int, rows: int) -> NDArray[np.float64]:
    cells = np.mgrid[0:rows, 0:columns].reshape(2, -1)
    y, x = cells[0] / rows - 0.5, cells[1] / columns - 0.5
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)


def _reduced(light: Linear, scale: float) -> Linear:
    if scale >= 1:
        return cv2.GaussianBlur(light, (3, 3), 0)  # type: ignore[return-value]
    size = _size(light.shape[1], light.shape[0], scale)
    return np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32)


def _reduced_mask(mask: Mask, scale: float) -> Mask:
    if scale >= 1:
        return mask
    size = _size(mask.shape[1], mask.shape[0], scale)
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _size(width: int, height: int, scale: float) -> tuple[int, int]:
    return max(math.floor(width * scale), 1), max(math.floor(height * scale), 1)
