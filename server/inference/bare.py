"""A picture with nothing in it but skin: what a network that was trained on flat skin should see."""

import cv2
import numpy as np

from server.inference.crop import Image
from server.inference.models import SKIN_FROM
from server.inference.tiled import Extent

_REACH_MM = 6.0
"""Standard deviation of the Gaussian that carries skin colour into what is not skin."""
_EDGE_MM = 0.2
"""Softness of the edge, inside the skin."""


def bare_skin(picture: Image, skin: Image, extent: Extent, px_per_mm: float) -> Image:
    """The part `extent` of a picture [H,W,3] with everything that is not skin (`skin` [H,W]) in the colour of the skin
    around it.
    """
    x, y, width, height = extent
    part = np.ascontiguousarray(picture[y : y + height, x : x + width])
    mask = (skin[y : y + height, x : x + width] >= SKIN_FROM).astype(np.uint8) * np.uint8(255)
    if mask.all():
        return part
    colour = _carried(part, mask, px_per_mm)
    sigma = max(_EDGE_MM * px_per_mm, 0.5)
    side = 2 * round(3 * sigma) + 1
    soft = cv2.GaussianBlur(cv2.erode(mask, np.ones((side, side), np.uint8)), (0, 0), sigma)
    share = cv2.merge([soft, soft, soft])
    own = cv2.multiply(part, share, scale=1 / 255)
    other = cv2.multiply(colour, cv2.bitwise_not(share), scale=1 / 255)
    return np.asarray(cv2.add(own, other), np.uint8)


def _carried(part: Image, mask: Image, px_per_mm: float) -> Image:
    """Mean colour of the skin nearby, made on a copy of about 1 px/mm."""
    height, width = mask.shape
    small = max(1, round(width / px_per_mm)), max(1, round(height / px_per_mm))
    skin = cv2.bitwise_and(part, part, mask=mask)
    light = cv2.resize(skin, small, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = cv2.resize(mask, small, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    mean = light.reshape(-1, 3).sum(axis=0) / max(float(weight.sum()), 1e-3)
    # A little of the whole face's mean everywhere, for what lies beyond reach.
    near = cv2.GaussianBlur(light, (0, 0), _REACH_MM) + np.float32(1e-3) * mean.astype(np.float32)
    total = cv2.GaussianBlur(weight, (0, 0), _REACH_MM) + np.float32(1e-3)
    colour = np.clip(near / total[..., None] + 0.5, 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(colour, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
