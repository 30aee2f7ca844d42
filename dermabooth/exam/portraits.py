"""Facial skin of real portraits against masks drawn by hand. Only aggregates are handed out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis import find_face
from server.inference import SKIN_FROM, TritonClient, segment_face
from training.exam.overlap import dice, dice_counts

IGNORED = 128
"""Value of the masks where the truth is open."""

Picture = NDArray[np.uint8]
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Portrait:
    """A photograph (H, W, 3) sRGB and its mask (H, W): 255 facial skin, 0 other, 128 not scored."""

    image: Picture
    mask: Picture


def real_portraits(folder: Path) -> list[Portrait]:
    """The pictures of `folder/portraits` that have a mask of the same stem in `folder/masks`.

    FileNotFoundError without the folder, ValueError where it holds no such pair.
    """
    if not folder.is_dir():
        raise FileNotFoundError(2, "no such folder; it needs portraits/ and masks/ inside", str(folder))
    masks = {path.stem: path for path in sorted((folder / "masks").glob("*.png"))}
    pictures = sorted(path for path in (folder / "portraits").glob("*") if path.stem in masks)
    if not pictures:
        raise ValueError(f"{folder}: no picture in portraits/ has a mask in masks/")
    return [Portrait(_rgb(path), _grey(masks[path.stem])) for path in pictures]


def _rgb(path: Path) -> Picture:
    found = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if found is None:
        raise ValueError(f"{path}: not a picture")
    return np.ascontiguousarray(found[..., ::-1], np.uint8)


def _grey(path: Path) -> Picture:
    found = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if found is None:
        raise ValueError(f"{path}: not a picture")
    return np.asarray(found, np.uint8)


def box_of(image: Picture) -> Box | None:
    """The face box of the bundled detector."""
    face = find_face(image)
    return None if face is None else (face.box.x, face.box.y, face.box.width, face.box.height)


async def segmentation(client: TritonClient, portraits: Sequence[Portrait]) -> dict[str, float]:
    """Mean and least Dice of skin with the detector's box, and with none; who was found, and by what.

    A face not found by the detector is looked for by the segmenter in the whole picture, as in a visit. A face not
    found at all has Dice 0.
    """
    boxes = [box_of(each.image) for each in portraits]
    shipped = [await _dice(client, each, box) for each, box in zip(portraits, boxes, strict=True)]
    alone = [await _dice(client, each, None) for each in portraits]
    return {
        "portraits": float(len(portraits)),
        "skin_dice": float(np.mean(shipped)),
        "skin_dice_min": float(min(shipped)),
        "skin_dice_without_box": float(np.mean(alone)),
        "skin_dice_without_box_min": float(min(alone)),
        "found_by_detector": _share(box is not None for box in boxes),
        "found_by_segmenter_alone": _share(each > 0.5 for each in alone),
        "found_by_either": _share(each > 0.5 for each in shipped),
    }


async def _dice(client: TritonClient, portrait: Portrait, box: Box | None) -> float:
    seen = await segment_face(client, portrait.image, box)
    if seen is None:
        return 0.0
    return dice(dice_counts(seen.skin >= SKIN_FROM, portrait.mask == 255, portrait.mask == IGNORED))


def _share(found: Iterable[bool]) -> float:
    return float(np.mean(list(found)))
