"""Gloss of each region from a pair of polarised pictures."""

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis.regions import OUTLINES, SMALLEST_AREA
from station.protocol import Face, Frame, Measure
from station.quality import (
    HOT_SPOT,
    Mask,
    PolarisedPair,
    extent,
    gloss_share,
    polarised_pair,
    take_sample,
    zone_mask,
)

POLARISED = "polarised_difference/1"
WORKING_WIDTH = 900
"""Faces wider than this are averaged down by a whole number, px."""


def measure_gloss(parallel: Frame, cross: Frame, face: Face, skin: NDArray[np.uint8]) -> tuple[Measure, ...]:
    """Gloss (reflected share of the light) and shine area (share of hot spots) of each region, in %.

    S = I_par - I_cross on linear light (Jacques 2002), both brought to one white by the neutral tab. The frames are
    registered, of one size, and their lights say which is which; empty if they are not such a pair. `skin`,
    (H, W), is over 127 on skin.
    """
    reduction = max(1, face.box.width // WORKING_WIDTH)
    seen = np.where(skin > 127, np.uint8(255), np.uint8(0))
    samples = [take_sample(frame, face.box, seen, reduction=reduction) for frame in (parallel, cross)]
    pair = polarised_pair(samples[0], samples[1])
    if pair is None:
        return ()
    within = extent(face.box, parallel.header.width, parallel.header.height)
    measures: list[Measure] = []
    for name, zones in OUTLINES.items():
        outline = zone_mask(face.box, zones, within, 1 / reduction)
        measures += _of_region(name, pair, np.asarray(cv2.bitwise_and(outline, pair.skin), np.uint8))
    return tuple(measures)


def _of_region(name: str, pair: PolarisedPair, region: Mask) -> list[Measure]:
    area = cv2.countNonZero(region)
    if area < SMALLEST_AREA:
        return []
    hot = cv2.countNonZero(cv2.bitwise_and((pair.reflection > HOT_SPOT).view(np.uint8), region))
    values = {"gloss": gloss_share(pair, region), "polarised_shine_area": 100 * hot / area}
    return [
        Measure(region=name, name=measure, value=value, unit="%", method=POLARISED)
        for measure, value in values.items()
    ]
