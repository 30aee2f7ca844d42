"""What hides the skin: the share of each zone under hair and glasses."""

from collections.abc import Mapping

import cv2
import numpy as np

from station.quality.sample import Reading, Sample, cut_mask
from station.quality.zones import Mask

COVERS = ("hair", "glasses")
NO_PARTS = "The parts of the face are not known at this check."


def occlusion(sample: Sample, parts: Mapping[str, Mask] | None) -> Reading:
    """`occlusion`: % of the worst zone that hair or glasses hide.

    `parts` are masks (frame height x width, non-zero on the part) by name; of these `hair` and `glasses` count. Eyes are no
    zone, so glasses count where their frame lies on a cheek. Cannot be told without parts and zones.
    """
    outlines = sample.zone_outlines
    if parts is None or not outlines:
        return Reading("occlusion", None, "%", sample.region, NO_PARTS, given=False)
    seen = {
        cover: np.where(cut_mask(parts[cover], sample) > 0, np.uint8(255), np.uint8(0))
        for cover in COVERS
        if cover in parts
    }
    shares = {
        (zone, cover): _share(outline, part)
        for zone, outline in outlines.items()
        for cover, part in seen.items()
    }
    if not shares:
        return Reading("occlusion", None, "%", sample.region, NO_PARTS, given=False)
    by_zone = {zone: sum(share for (name, _), share in shares.items() if name == zone) for zone in outlines}
    worst = max(by_zone, key=lambda zone: by_zone[zone])
    cover = max((cover for zone, cover in shares if zone == worst), key=lambda name: shares[worst, name])
    return Reading("occlusion", by_zone[worst], "%", worst, fault=cover)


def _share(outline: Mask, part: Mask) -> float:
    hidden = cv2.countNonZero(cv2.bitwise_and(outline, part))
    return 100 * hidden / max(cv2.countNonZero(outline), 1)
