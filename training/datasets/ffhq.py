"""Faces with grades of acne, as FFHQ pictures with a table of grades 0 to 3 (Quattrini 2022)."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from training.datasets import files
from training.recipe import Split

SIDE = 224
GRADES: Mapping[str, int] = MappingProxyType({"0": 0, "1": 1, "2": 2, "3": 3, "4": 4})
"""Grade of the table (0 none, 1 mild, 2 moderate, 3 severe) and severity of the count rule: of the same names.

4, very severe, is possible where a table has it.
"""
AUXILIARY: Mapping[str, str] = MappingProxyType(
    {"gender": "gender", "ethnicity": "ethnicity", "ita_class": "ita", "illumination": "illumination"}
)
"""Column of the table and key of the example; class numbers from 0, empty where unknown."""
UNKNOWN = -1


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    path: Path
    grade: int
    person: str
    auxiliaries: Mapping[str, int]


class Graded(Dataset[dict[str, NDArray[Any]]]):
    """`image` uint8 (224, 224, 3), `grade` int64 0 to 4, `acne` int64 0 or 1, and the table's auxiliary labels.

    `folder` holds pictures and one CSV table with columns `file` and `grade`; optional are `person`, who is then in
    one split only, `gender`, `ethnicity`, `ita_class` and `illumination`. Where a folder `masks` holds a picture of
    the same name, the picture is 0 outside it and cropped to the smallest square around it. Example `index` shows
    picture `index % len`, varied by `seed` and the index. ValueError says what is missing.
    """

    def __init__(self, folder: Path, split: Split, *, seed: int = 0, augmented: bool = False) -> None:
        rows = table(files.folder_of(folder, "--data is a folder of pictures with a table of grades"))
        mine = files.divided((row.person for row in rows), split)
        self._rows = [row for row in rows if row.person in mine]
        self._masks = files.pictures(folder / "masks") if (folder / "masks").is_dir() else {}
        missing = next((row.path for row in rows if self._masks and row.path.stem not in self._masks), None)
        if missing is not None:
            raise ValueError(f"{folder / 'masks'}: no mask of {missing.name}; add it, or remove the folder")
        self._seed, self._augmented = seed, augmented and split == "train"

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        """Read one picture."""
        row = self._rows[index % len(self)]
        image, labels = self._image(row.path), row.auxiliaries
        if self._augmented:
            rng = np.random.default_rng([self._seed, index])
            turned, _, mirrored = files.turned(rng, image)
            image, labels = files.lit(rng, turned), _mirrored(row.auxiliaries) if mirrored else labels
        labels = {"grade": row.grade, "acne": int(row.grade > 0), **labels}
        return {"image": image, **{name: np.array(value, np.int64) for name, value in labels.items()}}

    def _image(self, path: Path) -> NDArray[np.uint8]:
        image = files.colour(path)
        if self._masks:
            image = _cropped(image, files.grey(self._masks[path.stem]), self._masks[path.stem])
        return np.asarray(cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _mirrored(labels: Mapping[str, int]) -> Mapping[str, int]:
    """The labels of the mirrored face: light from the left (0) comes from the right (2), and the other way round."""
    light = labels.get("illumination", UNKNOWN)
    return {**labels, "illumination": 2 - light} if light in (0, 1, 2) else labels


def table(folder: Path) -> list[Row]:
    """The rows of the folder's only CSV file; ValueError says which line is wrong and how."""
    found = sorted(folder.glob("*.csv"))
    if len(found) != 1:
        raise ValueError(
            f"{folder}: holds {len(found)} CSV tables; one is needed, with columns file and grade"
        )
    with found[0].open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        for column in ("file", "grade"):
            if column not in (reader.fieldnames or ()):
                raise ValueError(f"{found[0]}: no column {column}; the first line names the columns")
        rows = [_row(folder, found[0], number, line) for number, line in enumerate(reader, 2)]
    return _whole(found[0], rows)


def _whole(path: Path, rows: Sequence[Row]) -> list[Row]:
    if not rows:
        raise ValueError(f"{path}: no rows; one for each picture is needed")
    files_named = [row.path for row in rows]
    if len(set(files_named)) < len(rows):
        twice = next(each for each in files_named if files_named.count(each) > 1)
        raise ValueError(f"{path}: {twice.name} has two rows; remove one")
    return list(rows)


def _row(folder: Path, path: Path, number: int, line: Mapping[str, str | None]) -> Row:
    name, grade = (line["file"] or "").strip(), (line["grade"] or "").strip()
    picture = folder / name
    if not name or not picture.is_file():
        raise ValueError(
            f"{path}, line {number}: no picture {name!r} in {folder}; correct the name or remove the line"
        )
    if grade not in GRADES:
        raise ValueError(f"{path}, line {number}: grade {grade!r}; it has to be one of {', '.join(GRADES)}")
    auxiliaries = {
        key: _label(path, number, column, line) for column, key in AUXILIARY.items() if column in line
    }
    return Row(picture, GRADES[grade], (line.get("person") or "").strip() or name, auxiliaries)


def _label(path: Path, number: int, column: str, line: Mapping[str, str | None]) -> int:
    value = (line[column] or "").strip()
    if not value:
        return UNKNOWN
    if not value.isdecimal():
        raise ValueError(
            f"{path}, line {number}: {column} {value!r}; a class number from 0, or nothing if unknown"
        )
    return int(value)


def _cropped(image: NDArray[np.uint8], mask: NDArray[np.uint8], path: Path) -> NDArray[np.uint8]:
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
