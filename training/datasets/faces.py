"""Normalised faces of the phantom with their acne truth, and what training does to a picture."""

from __future__ import annotations

import functools
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from phantom import complexion
from phantom.complexion import INFLAMMATORY, SIDE, FaceLesion, FacePicture, Law, People, face, hayashi_grade
from phantom.spectral import ITA_CLASSES
from training.datasets.face_variation import altered
from training.recipe import Preparing, Split, Stage

CELL = 8
"""px of the picture to a cell of the lesion map"""
_KNOTS_COUNT = (0.0, 0.5, 5.5, 20.5, 50.5, 120.0)
_KNOTS_SEVERITY = (0.0, 0.5, 1.5, 2.5, 3.5, 4.5)
_PEOPLE: dict[Split, People] = {"train": "train", "check": "check"}
_SHOWN: dict[People, int] = {"train": 3, "check": 1, "test": 1}
_ALTERED_SHARE = 0.75
_SPAN = 100_000_000


def severity(count: float) -> float:
    """Severity as a real number that rounds to the grade: linear in log(1 + count) between the grades' limits."""
    return float(np.interp(np.log1p(count), np.log1p(_KNOTS_COUNT), _KNOTS_SEVERITY))


def prepare(heard: Preparing) -> None:
    """Trace the heads of both splits that are not kept yet, most of a second each; `heard` is told how far it is."""
    for split, people in _PEOPLE.items():
        complexion.prepare(people, functools.partial(heard, f"heads of the {split} split"))


class Faces(Dataset[dict[str, NDArray[Any]]]):
    """`image` uint8 (224, 224, 3); `skin` uint8 mask; `lesions` float32 (28, 28), 1 in cells with an inflammatory lesion;
    `grade`, `ita`, `illumination` int64; `severity` and `count` float32.

    An example is a function of `seed` and its index. Pictures are altered in augmented stages of training, or as
    `altered` says.
    """

    def __init__(self, split: Split, stage: Stage, seed: int, *, altered: bool | None = None) -> None:
        self._people = _PEOPLE[split]
        self._augmented = (stage.augmented and split == "train") if altered is None else altered
        self._kept: tuple[int, FacePicture] | None = None
        self._first, self._law = (seed + 1) * _SPAN + (split == "check") * (_SPAN // 2), Law.training()

    def __len__(self) -> int:
        return _SPAN // 2

    def picture(self, index: int) -> FacePicture:
        """The face of an example before anything is done to it; in training each is shown a few times, differently."""
        number = index // _SHOWN[self._people]
        if self._kept is None or self._kept[0] != number:
            self._kept = number, self._made(self._first + number)
        return self._kept[1]

    def _made(self, seed: int) -> FacePicture:
        return face(seed, self._law, people=self._people)

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        made = self.picture(index)
        rng = np.random.default_rng([self._first + index, 81])
        spots = _points(made.lesions)
        image, skin, spots, mirrored = _moved(rng, made, spots, augmented=self._augmented)
        if self._augmented and rng.random() < _ALTERED_SHARE:
            image = altered(rng, image)
        side = 2 - made.illumination if mirrored else made.illumination
        return example(image, skin, spots) | {
            "ita": np.array(ITA_CLASSES.index(made.ita_class), np.int64),
            "illumination": np.array(side, np.int64),
        }


class SkinCrops(Faces):
    """Crops of facial skin, 0 outside a mask that errs as a segmenter does; half of them without acne.

    `image` uint8 (224, 224, 3), `lesions` as of `Faces`, `acne` int64: 1 where there is an inflammatory lesion.
    """

    def _made(self, seed: int) -> FacePicture:
        drawn = int(np.random.default_rng([seed, 82]).integers(8))
        return face(seed, self._law, people=self._people, grade=max(0, drawn - 3))

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        whole = self.picture(index)
        rng = np.random.default_rng([self._first + index, 83])
        image, skin, spots, _ = _moved(rng, whole, _points(whole.lesions), augmented=self._augmented)
        if self._augmented and rng.random() < _ALTERED_SHARE:
            image = altered(rng, image)
        image, spots = crop(image, _erring(rng, skin), spots)
        made = example(image, skin, spots)
        return {
            "image": made["image"],
            "lesions": made["lesions"],
            "acne": np.array(made["count"] > 0, np.int64),
        }


def crop(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], spots: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The square around the mask's smallest box at 224 px, 0 outside the mask; spots on the mask in its px."""
    x, y, w, h = cv2.boundingRect(mask)
    side, cx, cy = max(w, h, 8), x + w / 2, y + h / 2
    scale = SIDE / side
    left, top = cx - side / 2, cy - side / 2
    matrix = np.array([[scale, 0, (0.5 - left) * scale - 0.5], [0, scale, (0.5 - top) * scale - 0.5]])
    flags = cv2.INTER_LINEAR if scale > 0.9 else cv2.INTER_AREA
    shown = cv2.warpAffine(image * (mask > 0)[..., None], matrix, (SIDE, SIDE), flags=flags)
    rows, cols = (np.clip(spots[:, i].astype(int), 0, mask.shape[1 - i] - 1) for i in (1, 0))
    seen = mask[rows, cols] > 0
    return np.asarray(shown, np.uint8), (spots[seen] - (left, top)) * scale


def _erring(rng: np.random.Generator, skin: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The mask, its holes of lesion size closed, grown or shrunk by up to 2 px."""
    whole = cv2.morphologyEx(skin, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    by = int(rng.integers(-2, 3))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * abs(by) + 1, 2 * abs(by) + 1))
    moved = cv2.dilate(whole, kernel) if by > 0 else cv2.erode(whole, kernel)
    return np.asarray(moved if moved.any() else whole, np.uint8)


def example(
    image: NDArray[np.uint8], skin: NDArray[np.uint8], spots: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    """What image and spots (n, 2: x, y in px) say; spots outside the picture do not count."""
    inside = spots[((spots >= 0) & (spots < SIDE)).all(1)]
    cells = np.zeros((SIDE // CELL, SIDE // CELL), np.float32)
    cells[(inside[:, 1] // CELL).astype(int), (inside[:, 0] // CELL).astype(int)] = 1
    return {
        "image": image,
        "skin": skin,
        "lesions": cells,
        "grade": np.array(hayashi_grade(len(inside)), np.int64),
        "severity": np.array(severity(len(inside)), np.float32),
        "count": np.array(len(inside), np.float32),
    }


def _points(lesions: tuple[FaceLesion, ...]) -> NDArray[np.float64]:
    found = [(one.x, one.y) for one in lesions if one.visible and one.kind in INFLAMMATORY]
    return np.array(found, float).reshape(-1, 2)


def _moved(
    rng: np.random.Generator, made: FacePicture, spots: NDArray[np.float64], *, augmented: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.float64], bool]:
    """Mirrored half the time, moved and turned as landmarks err; when augmented other sizes, too."""
    zoom = rng.uniform(0.78, 1.28) if augmented else rng.uniform(0.97, 1.03)
    turn, mirrored = np.radians(rng.uniform(-4, 4)), bool(rng.random() < 0.5)
    c, s = zoom * np.cos(turn), zoom * np.sin(turn)
    linear = np.array([[-c if mirrored else c, -s], [-s if mirrored else s, c]])
    middle = np.full(2, SIDE / 2)
    shift = middle - linear @ middle + rng.uniform(-4, 4, 2)
    # Pixel centres lie at halves.
    matrix = np.column_stack([linear, shift + linear @ np.full(2, 0.5) - 0.5])
    image = cv2.warpAffine(
        made.image, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    skin = cv2.warpAffine(made.skin.astype(np.uint8), matrix, (SIDE, SIDE), flags=cv2.INTER_NEAREST)
    return np.asarray(image, np.uint8), np.asarray(skin, np.uint8), spots @ linear.T + shift, mirrored
