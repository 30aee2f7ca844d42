"""Facial skin and landmarks of a still by `skin_segmenter`, seen twice: around the face, then around its skin.

The second look is the mean over the picture and its mirror image.
"""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from server.inference.client import TritonClient
from server.inference.crop import FaceCrop, Image
from server.inference.learned import SEGMENTER
from server.inference.models import SKIN_FROM

SIDE: Final = 256
FIRST_MARGIN: Final = 1.9
"""Side of the first look in widths of the face box."""
SECOND_MARGIN: Final = 1.35
"""Side of the second look in longer sides of the skin that the first one found."""
SMALLEST_SHARE: Final = 0.01
"""Skin that is a smaller share of a look is nobody's face."""
NEAREST: Final = 4.0
"""A second look is at most this much closer than a first one at the whole picture; then comes a third."""

_MIRRORED: Final = (1, 0, 3, 2, 4, 6, 5, 7)
"""Landmark of the mirror image that each landmark is."""

Box = tuple[float, float, float, float]
Landmarks = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class SegmentedFace:
    """One face."""

    skin: Image
    """Probability times 255, of the picture's size, 0 outside the look; one connected piece from `SKIN_FROM` on."""
    landmarks: Landmarks
    """(8, 3): x, y in px of the picture, confidence 0 to 1. Right and left eye outer corner, right and left inner
    corner, tip of the nose, right and left corner of the mouth, chin; sides are the subject's."""


async def segment_face(
    client: TritonClient, image: npt.NDArray[np.uint8], box: Box | None
) -> SegmentedFace | None:
    """The face in a picture [H,W,3] in sRGB around a face box in px, or without one the largest face of the picture.

    None if there is no skin where it was sought. Raises what `TritonClient.infer` raises.
    """
    look = _around(image, box)
    found = await _look(client, image, look)
    if found is None:
        return None
    if box is None and found.extent < look.extent / NEAREST:
        closer = FaceCrop.square(found.centre, 2 * found.extent, SIDE)
        found = await _look(client, image, closer) or found
    look = FaceCrop.square(found.centre, SECOND_MARGIN * found.extent, SIDE)
    seen = await _look(client, image, look, mirrored=True)
    if seen is None:
        return None
    return SegmentedFace(look.paste(seen.skin, (image.shape[0], image.shape[1])), seen.landmarks)


@dataclass(frozen=True, eq=False)
class _Look:
    skin: Image
    landmarks: Landmarks
    """x, y in px of the picture."""
    centre: tuple[float, float]
    extent: float
    """Longer side of the skin, px of the picture."""


async def _look(
    client: TritonClient, image: npt.NDArray[np.uint8], crop: FaceCrop, *, mirrored: bool = False
) -> _Look | None:
    skin, points = await _seen(client, crop.cut(image), mirrored)
    skin = largest_piece(skin)
    x, y, width, height = cv2.boundingRect((skin >= SKIN_FROM).view(np.uint8))
    if np.count_nonzero(skin >= SKIN_FROM) < SMALLEST_SHARE * skin.size:
        return None
    scale = crop.extent / crop.side
    points[:, :2] = points[:, :2] * crop.extent + (crop.left, crop.top)
    centre = crop.left + (x + width / 2) * scale, crop.top + (y + height / 2) * scale
    return _Look(skin, points, centre, max(width, height) * scale)


async def _seen(client: TritonClient, cut: Image, mirrored: bool) -> tuple[Image, Landmarks]:
    """Skin and landmarks in 0..1 of a square picture; `mirrored` is the mean with those of its mirror image."""
    batch = np.stack([cut, cut[:, ::-1]] if mirrored else [cut])
    answer = await client.infer(SEGMENTER, {"image": batch}, outputs=("skin", "landmarks"))
    skin, points = answer["skin"], np.array(answer["landmarks"], np.float32)
    if not mirrored:
        return np.asarray(skin[0], np.uint8), points[0]
    points[1, :, 0] = 1 - points[1, :, 0]
    both = np.stack([points[0], points[1, _MIRRORED]])
    return cv2.addWeighted(skin[0], 0.5, np.ascontiguousarray(skin[1, :, ::-1]), 0.5, 0).astype(
        np.uint8
    ), both.mean(0)


def largest_piece(skin: Image) -> Image:
    """The probability map (H, W) without any piece of skin but the largest."""
    found = np.array(skin)
    number, labels, stats, _ = cv2.connectedComponentsWithStats((skin >= SKIN_FROM).view(np.uint8))
    if number > 2:
        largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
        found[(labels != largest) & (labels != 0)] = SKIN_FROM - 1
    return found


def _around(image: npt.NDArray[Any], box: Box | None) -> FaceCrop:
    if box is None:
        height, width = image.shape[:2]
        return FaceCrop.square((width / 2, height / 2), max(height, width), SIDE)
    x, y, width, height = box
    return FaceCrop.square((x + width / 2, y + height / 2), FIRST_MARGIN * max(width, height), SIDE)
