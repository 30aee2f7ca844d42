"""The regions of a face, drawn as a layer of its still."""

import cv2
import numpy as np

from server.api.renditions import WIDTHS, Image, Part
from station.protocol import Face
from station.quality import zone_outlines

_THIN = 400
"""A line is one px wide per so many px of the picture."""
_FRACTION_BITS = 4


def drawn_regions(face: Face, size: tuple[int, int], part: Part, width: int) -> bytes:
    """8-bit grey PNG with the outlines of the regions in a `part` of a picture of this size (height, width), scaled down
    to the next of `WIDTHS`.
    """
    height, whole = size
    left, top = part[0] * whole, part[1] * height
    across, down = (part[2] - part[0]) * whole, (part[3] - part[1]) * height
    shown = min(next((one for one in WIDTHS if one >= width), WIDTHS[-1]), max(round(across), 1))
    scale = shown / max(across, 1.0)
    picture: Image = np.zeros((max(round(down * scale), 1), shown), np.uint8)
    outlines = [
        np.rint((outline - (left, top)) * scale * 2**_FRACTION_BITS).astype(np.int32)
        for outline in zone_outlines(face.box, face.pose).values()
    ]
    cv2.polylines(picture, outlines, True, 255, max(shown // _THIN, 1), cv2.LINE_AA, _FRACTION_BITS)
    return cv2.imencode(".png", picture)[1].tobytes()
