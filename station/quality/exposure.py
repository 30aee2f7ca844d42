"""Exposure, noise and colour cast: from the neutral tab in a booth, from the scene itself elsewhere."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import FrameHeader
from station.quality.noise import GAIN, noise_in, tab_noise
from station.quality.robust import deviation
from station.quality.sample import Reading, Sample, Tab

NO_TAB = "No neutral tab in the picture."
HIGHLIGHT_PERCENTILE = 99.5
_FEWEST = 100
DEEP_SHADOW = 0.01
"""Share of the white level below which detail is lost in an 8-bit picture."""


def tab_exposure(sample: Sample, white: float = 1.0) -> tuple[Reading, ...]:
    """`neutral_tab_exposure` and `underexposure` in EV (stops), `noise` in dB and `color_cast` in %.

    0 EV: the tab reads its reflectance times `white`, the level that a perfect white should have. The face has no part in
    it, so every skin tone is exposed alike.
    """
    tab = sample.tab
    if tab is None:
        missing = (
            ("neutral_tab_exposure", "EV"),
            ("underexposure", "EV"),
            ("noise", "dB"),
            ("color_cast", "%"),
        )
        return tuple(Reading(name, None, unit, "neutral_tab", NO_TAB) for name, unit in missing)
    stops = tab_stops(tab, white)
    return (
        Reading("neutral_tab_exposure", stops, "EV", "neutral_tab"),
        Reading("underexposure", max(0.0, -stops), "EV", "neutral_tab"),
        _tab_noise(sample, tab),
        _tab_cast(tab),
    )


def tab_stops(tab: Tab, white: float = 1.0) -> float:
    """Exposure error in stops, positive where too much; a clipped tab tells only that it is at least so much."""
    return math.log2(max(tab.white / white, 1e-6))


def clipping(sample: Sample) -> Reading:
    """`overexposure`: % of the skin with any channel at 250/255 of the white level or more."""
    return Reading("overexposure", 100 * sample.clipped, "%", sample.region)


def _tab_noise(sample: Sample, tab: Tab) -> Reading:
    if tab.clipped:
        return Reading("noise", None, "dB", "neutral_tab", "The neutral tab is over-exposed.")
    sigma = max(tab_noise(tab.light), rounding(sample.header))
    return Reading("noise", _decibels(tab.level, sigma), "dB", "neutral_tab")


def _tab_cast(tab: Tab) -> Reading:
    if tab.clipped:
        return Reading("color_cast", None, "%", "neutral_tab", "The neutral tab is over-exposed.")
    red, green, blue = tab.mean
    return Reading("color_cast", 100 * max(abs(red / green - 1), abs(blue / green - 1)), "%", "neutral_tab")


def scene_exposure(sample: Sample, picture: NDArray[np.float32]) -> tuple[Reading, ...]:
    """`underexposure` in EV and `noise` in dB of a photograph without a tab.

    `picture` is a reduced copy of the whole photograph as light. Under-exposure is how far its highlights, the
    99.5th percentile of the brightest channel, stay below the white level: any scene with a highlight in it is judged
    by the highlight and not by the skin.
    """
    red, green, blue = cv2.split(picture)
    brightest = cv2.max(cv2.max(red, green), blue)
    highlight = float(np.percentile(brightest, HIGHLIGHT_PERCENTILE))
    stops = -math.log2(max(highlight, 1e-4))
    return Reading("underexposure", max(0.0, stops), "EV"), skin_noise(sample), shadows(sample)


def shadows(sample: Sample) -> Reading:
    """`shadow_share`: % of the face or of the middle of the picture that is darker than 1 % of the white level."""
    dark = (sample.luminance < DEEP_SHADOW).view(np.uint8)
    area = max(cv2.countNonZero(sample.skin), 1)
    return Reading(
        "shadow_share", 100 * cv2.countNonZero(cv2.bitwise_and(dark, sample.skin)) / area, "%", sample.region
    )


def skin_noise(sample: Sample) -> Reading:
    """`noise`: signal to noise of the smoothest zone of the skin, in dB."""
    y, differences = sample.luminance, sample.differences
    best: tuple[float, str] | None = None
    for name, zone in sample.parts.items():
        sigma = noise_in(differences, zone)
        if sigma is not None:
            value = _decibels(float(cv2.mean(y, zone)[0]), max(sigma, 1e-5))
            best = max(best or (value, name), (value, name))
    if best is None:
        return Reading("noise", None, "dB", sample.region, "No smooth skin in the picture.")
    return Reading("noise", best[0], "dB", best[1])


def dynamic_range(sample: Sample) -> Reading:
    """`dynamic_range` in EV: from the white level down to the noise of the darkest tenth of the region.

    The stops in which something can be told, after ISO 15739 with the noise of the picture itself; never below what the
    rounding to whole sample values leaves.
    """
    y = sample.luminance
    seen = y[sample.skin > 0]
    if seen.size < _FEWEST:
        return Reading("dynamic_range", None, "EV", sample.region, "Too little of it in the picture.")
    dark = (y <= np.percentile(seen, 10)) & (sample.skin > 0)
    differences = sample.differences[dark]
    sigma = max(deviation(differences) / GAIN, rounding(sample.header))
    return Reading("dynamic_range", -math.log2(sigma), "EV", sample.region)


def rounding(header: FrameHeader) -> float:
    """Standard deviation that the rounding of linear samples leaves, of the white level."""
    return 1 / max(header.white_level - header.black_level, 1) / math.sqrt(12)


def _decibels(mean: float, sigma: float) -> float:
    return 20 * math.log10(max(mean, 1e-6) / max(sigma, 1e-9))
