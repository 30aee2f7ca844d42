"""Pictures of skin with a table of the eight conditions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from phantom.swatch import CONDITIONS
from training.datasets import files, tables
from training.datasets.swatches import varied
from training.recipe import Split

SIDE = 224
WIDTH_MM = 37


class ConditionPictures(Dataset[dict[str, NDArray[Any]]]):
    """`image` uint8 (224, 224, 3), `conditions` and `known` float32 (8,), `augmented` bool ().

    `folder` holds square pictures of 37 mm of skin, at least 224 px wide, and one CSV table with the column `file`
    and one for each condition: 1 where the picture shows it, 0 where not, empty where nobody looked, which is 0 in
    `known`. Optional is `person`, who is then in one split only. Example `index` shows picture `index % len`, varied by
    `seed` and the index. ValueError says what is missing.
    """

    def __init__(self, folder: Path, split: Split, *, seed: int = 0, augmented: bool = False) -> None:
        lines = tables.read(folder, CONDITIONS)
        mine = files.divided((line.person for line in lines), split)
        labels = [(line, [line.label(name, 2) for name in CONDITIONS]) for line in lines]
        if all(label == tables.UNKNOWN for _, row in labels for label in row):
            raise ValueError(
                f"{folder}: the table's conditions are all empty; write 1 or 0 where somebody looked"
            )
        self._rows = [(line.picture, row) for line, row in labels if line.person in mine]
        self._seed, self._augmented = seed, augmented and split == "train"

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        """Read one picture."""
        path, row = self._rows[index % len(self)]
        image, labels = _shown(path), np.array(row)
        if self._augmented:
            nowhere = np.zeros((0, 1, 1), np.float32)
            image, _ = varied(np.random.default_rng([self._seed, index]), image, nowhere)
        return {
            "image": image,
            "conditions": (labels == 1).astype(np.float32),
            "known": (labels != tables.UNKNOWN).astype(np.float32),
            # There is no second truth of places for the loss to mix in.
            "augmented": np.asarray(False),
        }


def _shown(path: Path) -> NDArray[np.uint8]:
    image = files.colour(path)
    height, width = image.shape[:2]
    if height != width or width < SIDE:
        raise ValueError(
            f"{path}: is {width} x {height} px; squares of {WIDTH_MM} mm of skin are needed, at least {SIDE} px wide"
        )
    return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)
