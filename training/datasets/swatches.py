"""Swatches of the phantom as examples: for the four items, and for the eight conditions."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from phantom.swatch import Law, Swatch, swatch
from training.recipe import Split

ITEMS_PX_PER_MM = 20.0
FIRST_SEED = {"train": 1_000_000_000, "check": 900_000_000}
"""Seeds of the two splits; those below 100 000 000 are the exam's."""
_STRIDE = 20_000_000


class ItemSwatches(Dataset[dict[str, NDArray[Any]]]):
    """Endless examples of skin with spots, trouble, wrinkles and pores.

    `image` uint8 (S, S, 6), parallel RGB then cross RGB; `area` uint8, `intensity` float32 and `known` uint8 (4, S, S),
    where `known` is 0 on truth too faint to be asked for; `comedones` uint8 (S, S); `augmented` whether the loss may
    vary the picture.
    """

    def __init__(
        self, split: Split, seed: int, *, augmented: bool = False, side: int = 144, law: Law | None = None
    ) -> None:
        self._first = FIRST_SEED[split] + _STRIDE * (seed % 40 if split == "train" else seed % 4)
        self._augmented, self._side, self._law = augmented, side, law or Law.training()

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        skin = swatch(self._first + index, self._law, side=self._side, px_per_mm=ITEMS_PX_PER_MM)
        return {
            "image": item_image(skin),
            "area": skin.masks,
            "intensity": skin.intensity,
            "known": np.asarray(~skin.ignore, np.uint8),
            "comedones": comedones(skin),
            "augmented": np.asarray(self._augmented),
        }


def item_image(skin: Swatch) -> NDArray[np.uint8]:
    """The six channels that `skin_items` is given."""
    pair = (skin.pictures["parallel_polarised"], skin.pictures["cross_polarised"])
    return np.concatenate(pair, -1)


def comedones(skin: Swatch) -> NDArray[np.uint8]:
    """1 within open and closed comedones."""
    layer = np.zeros(skin.masks.shape[1:], np.uint8)
    for lesion in skin.lesions:
        if lesion.kind.endswith("comedo"):
            cv2.circle(layer, (round(lesion.x), round(lesion.y)), round(lesion.radius) + 1, 1, -1)
    return layer
