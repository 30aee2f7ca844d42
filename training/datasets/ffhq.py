"""Faces with grades of acne, as FFHQ pictures with a table of grades 0 to 3 (Quattrini 2022)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from training.datasets import files, tables
from training.datasets.normalised import SIDE, normalised_already
from training.recipe import Split

GRADES = ("0", "1", "2", "3", "4")
"""Of the table: none, mild, moderate, severe; 4, very severe, is possible. They are the severities of the count rule."""
AUXILIARY: Mapping[str, tuple[str, int | None]] = MappingProxyType(
    {
        "gender": ("gender", None),
        "ethnicity": ("ethnicity", None),
        "ita_class": ("ita", 6),
        "illumination": ("illumination", 3),
    }
)
"""Column of the table: key of the example, and how many classes there are, None where the data set says; empty where unknown."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    path: Path
    grade: int
    person: str
    auxiliaries: Mapping[str, int]


class GradedFaces(Dataset[dict[str, NDArray[Any]]]):
    """`image` uint8 (224, 224, 3), `grade` int64 0 to 4, `acne` int64 0 or 1, and the table's auxiliary labels.

    `folder` holds pictures and one CSV table with columns `file` and `grade`; optional are `person`, who is then in
    one split only, `gender`, `ethnicity`, `ita_class` and `illumination`. `shown` gives the normalised face of a
    picture. Example `index` shows picture `index % len`, varied by `seed` and the index. ValueError says what is
    missing.
    """

    border = cv2.BORDER_REPLICATE
    """what lies beyond the edge of a face that is moved: as served"""

    def __init__(
        self,
        folder: Path,
        split: Split,
        shown: Callable[[Path], NDArray[np.uint8]] = normalised_already,
        *,
        seed: int = 0,
        augmented: bool = False,
    ) -> None:
        rows = table(folder)
        mine = files.divided((row.person for row in rows), split)
        self._rows, self._shown = [row for row in rows if row.person in mine], shown
        self._seed, self._augmented = seed, augmented and split == "train"

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        """Read one picture."""
        row = self._rows[index % len(self)]
        image, labels = self._shown(row.path), row.auxiliaries
        if self._augmented:
            rng = np.random.default_rng([self._seed, index])
            turned, _, mirrored = files.turned(rng, image, border=self.border)
            image, labels = files.lit(rng, turned), _mirrored(row.auxiliaries) if mirrored else labels
        labels = {"grade": row.grade, "acne": int(row.grade > 0), **labels}
        return {"image": image, **{name: np.array(value, np.int64) for name, value in labels.items()}}


class GradedSkin(GradedFaces):
    """The same of crops of facial skin.

    Where a folder `masks` holds a picture of the same name, the picture is 0 outside it and cropped to the smallest
    square around it; without that folder pictures are taken for such crops.
    """

    border = cv2.BORDER_CONSTANT

    def __init__(self, folder: Path, split: Split, *, seed: int = 0, augmented: bool = False) -> None:
        super().__init__(folder, split, self._cropped, seed=seed, augmented=augmented)
        self._masks = files.pictures(folder / "masks") if (folder / "masks").is_dir() else {}
        missing = next(
            (row.path for row in self._rows if self._masks and row.path.stem not in self._masks), None
        )
        if missing is not None:
            raise ValueError(f"{folder / 'masks'}: no mask of {missing.name}; add it, or remove the folder")

    def _cropped(self, path: Path) -> NDArray[np.uint8]:
        image = files.colour(path)
        if self._masks:
            image = _square(image, files.grey(self._masks[path.stem]), self._masks[path.stem])
        return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _mirrored(labels: Mapping[str, int]) -> Mapping[str, int]:
    """The labels of the mirrored face: light from the left (0) comes from the right (2), and the other way round."""
    light = labels.get("illumination", tables.UNKNOWN)
    return {**labels, "illumination": 2 - light} if light != tables.UNKNOWN else labels


def table(folder: Path) -> list[Row]:
    """The rows of the folder's only CSV file; ValueError says which line is wrong and how."""
    return [_row(line) for line in tables.read(folder, ("grade",))]


def _row(line: tables.Line) -> Row:
    grade = line.cells["grade"]
    if grade not in GRADES:
        raise ValueError(f"{line.where}: grade {grade!r}; it has to be one of {', '.join(GRADES)}")
    auxiliaries = {
        key: line.label(column, classes)
        for column, (key, classes) in AUXILIARY.items()
        if column in line.cells
    }
    return Row(line.picture, int(grade), line.person, auxiliaries)


def _square(image: NDArray[np.uint8], mask: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
    """The square around the mask's smallest box, 0 outside the mask."""
    if mask.shape != image.shape[:2]:
        raise ValueError(
            f"{path}: is {mask.shape}, its picture {image.shape[:2]}; they have to be of one size"
        )
    x, y, w, h = cv2.boundingRect((mask > 127).astype(np.uint8))
    if w == 0:
        raise ValueError(f"{path}: is empty; remove the picture, or mark its skin with 255")
    side = max(w, h)
    square = np.zeros((side, side, 3), np.uint8)
    top, left = (side - h) // 2, (side - w) // 2
    square[top : top + h, left : left + w] = (image * (mask > 127)[..., None])[y : y + h, x : x + w]
    return square
