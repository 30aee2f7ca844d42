"""How evenly the light falls: on a white card, and from side to side and zone to zone of a face."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import View
from station.quality.robust import median
from station.quality.sample import SKIN, Reading, Sample
from station.quality.tone import Linear, luminance
from station.quality.zones import Mask

FRONTAL = frozenset({View.FRONT, View.UNSPECIFIED})
"""Views in which both sides of a face should be lit alike."""
_CARD_SIDE = 32
_WORKING_SIDE = 320
NO_CHEEKS = "Both cheeks must be in sight."
NO_ZONES = "At least two zones of the face must be in sight."
NO_SKIN = "Where there is skin is not known, and a beard is dark without shadow."


def flat_field(card: Linear) -> NDArray[np.float32]:
    """The share of the light that each part of a picture gets, from a picture of an even white card that fills it.

    (height, width), 1 where it is brightest, 32 cells on the longer side; noise and dust are averaged away (median of 3 x 3
    cells). Dividing a picture by it, resized, makes its light even.
    """
    y = luminance(card)
    scale = min(1.0, _CARD_SIDE / max(y.shape))
    size = max(round(y.shape[1] * scale), 1), max(round(y.shape[0] * scale), 1)
    cells = cv2.medianBlur(np.asarray(cv2.resize(y, size, interpolation=cv2.INTER_AREA), np.float32), 3)
    return np.asarray(cells / max(float(cells.max()), 1e-6), np.float32)


def flat_field_uniformity(card: Linear) -> Reading:
    """`flat_field`: darkest over brightest part of a white card that fills the picture, 1 is even."""
    return Reading("flat_field", float(flat_field(card).min()), "ratio")


def illumination_uniformity(sample: Sample) -> tuple[Reading, ...]:
    """`illumination_uniformity`, |ln(Y left / Y right)| of the cheeks, and `zone_uniformity`, darkest over brightest zone.

    Y is the median over the skin of a zone, so that neither spots nor highlights count; a ratio has no skin tone in it. The
    four zones are those of the ICAO portrait rules (forehead, cheeks, chin); they cannot be told without a skin mask, for hair
    and beards are no shadows. Nothing for turned views, whose sides differ.
    """
    if sample.header.view not in FRONTAL:
        return ()
    levels, faced = _levels(sample), bool(sample.zone_outlines)
    left, right = levels.get("left_cheek"), levels.get("right_cheek")
    if left is None or right is None:
        sides = Reading("illumination_uniformity", None, "ln", sample.region, NO_CHEEKS, given=faced)
    else:
        darker = "left_cheek" if left < right else "right_cheek"
        sides = Reading("illumination_uniformity", abs(math.log(left / right)), "ln", darker)
    if not sample.region.startswith(SKIN):
        return sides, Reading("zone_uniformity", None, "ratio", sample.region, NO_SKIN, given=False)
    if len(levels) < 2:
        return sides, Reading("zone_uniformity", None, "ratio", sample.region, NO_ZONES, given=faced)
    darkest = min(levels, key=lambda name: levels[name])
    return sides, Reading("zone_uniformity", levels[darkest] / max(levels.values()), "ratio", darkest)


def _levels(sample: Sample) -> dict[str, float]:
    """Median Y of every zone, on a copy with a side of 320 px or less."""
    y = sample.luminance
    step = max(1, math.ceil(max(y.shape) / _WORKING_SIDE))
    return {name: _median(y[::step, ::step], mask[::step, ::step]) for name, mask in sample.zones.items()}


def _median(y: NDArray[np.float32], mask: Mask) -> float:
    values = y[mask > 0]
    return max(median(values), 1e-5) if values.size else 1e-5
