"""Swatches of the phantom as examples: for the four items, and for the eight conditions."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from phantom.swatch import CONDITIONS, Condition, Law, Swatch, swatch
from training.recipe import Split

ITEMS_PX_PER_MM, CONDITIONS_PX_PER_MM = 20.0, 6.0
CELL = 8
"""px of the picture to a cell of the map of places"""
MOST_CONDITIONS = 4
ZOOM = (0.88, 1.14)
"""Error of the scale in varied pictures; more would turn freckles into lentigines."""
MOST_BLUR = 1.6
"""px, standard deviation, in varied pictures of conditions"""
CLEAN_SHARE = 0.1
"""of the items' examples, without any lesion"""
FIRST_SEED = {"train": 1_000_000_000, "check": 900_000_000}
"""Seeds of the two splits; the exams draw from 1 << 40 on."""
_STRIDE = 20_000_000


class ItemSwatches(Dataset[dict[str, NDArray[Any]]]):
    """Endless examples of skin with spots, trouble, wrinkles and pores.

    `image` uint8 (S, S, 6), parallel RGB then cross RGB; `area` uint8, `intensity` float32 and `known` uint8 (4, S, S),
    where `known` is 0 on truth too faint to be asked for; `comedones` uint8 (S, S); `augmented` whether the loss may
    vary the picture.
    """

    def __init__(self, split: Split, seed: int, *, augmented: bool = False, side: int = 144) -> None:
        self._first = FIRST_SEED[split] + _STRIDE * (seed % 40 if split == "train" else seed % 4)
        self._augmented, self._side, self._law = augmented, side, Law.training()

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        clean = bool(np.random.default_rng([self._first + index, 83]).random() < CLEAN_SHARE)
        skin = swatch(self._first + index, self._law, side=self._side, px_per_mm=ITEMS_PX_PER_MM, clean=clean)
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


class ConditionSwatches(Dataset[dict[str, NDArray[Any]]]):
    """Endless examples of skin with up to `MOST_CONDITIONS` of the eight conditions.

    `image` uint8 (S, S, 3) white; `conditions` float32 (8,); `places` float32 (8, S/8, S/8), 1 in cells that show
    the condition; `augmented` whether the loss may vary the picture.
    """

    def __init__(self, split: Split, seed: int, *, augmented: bool = False, side: int = 224) -> None:
        self._first = FIRST_SEED[split] + _STRIDE * (seed % 40 if split == "train" else seed % 4)
        self._augmented, self._side, self._law = augmented, side, Law.training()

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        rng = np.random.default_rng([self._first + index, 82])
        chosen = rng.choice(len(CONDITIONS), int(rng.integers(0, MOST_CONDITIONS + 1)), replace=False)
        names: set[Condition] = {CONDITIONS[int(each)] for each in chosen}
        zoom = rng.uniform(*ZOOM) if self._augmented else 1.0
        skin = self._skin(self._first + index, names, zoom)
        image, shown = skin.pictures["white"], places(skin)
        if self._augmented:
            image, shown = varied(rng, image, shown)
        present = np.array([name in names for name in CONDITIONS], np.float32)
        return {
            "image": image,
            "conditions": present,
            "places": shown,
            "augmented": np.asarray(self._augmented),
        }

    def _skin(self, seed: int, names: set[Condition], zoom: float) -> Swatch:
        return swatch(
            seed,
            self._law,
            side=self._side,
            px_per_mm=CONDITIONS_PX_PER_MM * zoom,
            conditions=names,
            lights=("white",),
        )


def places(skin: Swatch) -> NDArray[np.float32]:
    """Where each condition shows, in cells (8, S/8, S/8): everywhere for dryness and texture."""
    side = skin.masks.shape[1]
    layers = np.zeros((len(CONDITIONS), side, side), np.uint8)
    for lesion in skin.lesions:
        name = _CONDITION_OF.get(lesion.kind)
        if name in skin.conditions and name is not None:
            centre, radius = (round(lesion.x), round(lesion.y)), max(1, round(lesion.radius))
            cv2.circle(layers[CONDITIONS.index(name)], centre, radius, 1, -1)
    for name in skin.conditions & {"dryness", "texture"}:
        layers[CONDITIONS.index(name)] = 1
    if "wrinkles" in skin.conditions:
        layers[CONDITIONS.index("wrinkles")] = skin.masks[2]
    if "melasma" in skin.conditions:
        layers[CONDITIONS.index("melasma")] &= skin.masks[0]
    cells = layers.reshape(len(CONDITIONS), side // CELL, CELL, side // CELL, CELL)
    return np.asarray(cells.max((2, 4)), np.float32)


_CONDITION_OF: dict[str, Condition] = {
    "melasma": "melasma", "lentigo": "lentigo", "ephelis": "ephelides", "dermatitis": "dermatitis",
    "open_comedo": "clogged_pores", "closed_comedo": "clogged_pores",
}  # fmt: skip


def varied(
    rng: np.random.Generator, image: NDArray[np.uint8], shown: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A picture of skin and maps of it (C, h, w) in one of the eight placements, as another lamp and camera have it:
    exposure, balance, shade and contrast, focus and motion, noise, JPEG.
    """
    if rng.random() < 0.5:
        image, shown = image.transpose(1, 0, 2), shown.transpose(0, 2, 1)
    turns = int(rng.integers(4))
    image, shown = np.rot90(image, turns), np.rot90(shown, turns, (1, 2))
    picture = _noisy(rng, _blurred(rng, _relit(rng, image.astype(np.float32))))
    return _stored(rng, np.asarray(np.clip(picture, 0, 255), np.uint8)), np.ascontiguousarray(shown)


def _relit(rng: np.random.Generator, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    mean = picture.mean((0, 1))
    level = mean * (rng.uniform(0.72, 1.2) * rng.uniform(0.92, 1.08, 3))
    picture = (picture - mean) * np.float32(rng.uniform(0.55, 1.4)) + level.astype(np.float32)
    if rng.random() < 0.5:
        corners = 1 + rng.uniform(-0.12, 0.12, (3, 3)).astype(np.float32)
        picture = (
            picture * cv2.resize(corners, picture.shape[1::-1], interpolation=cv2.INTER_CUBIC)[..., None]
        )
    return picture


def _blurred(rng: np.random.Generator, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Out of focus by up to 1.6 px, moved by up to 3 px."""
    if rng.random() < 0.6:
        sigma = rng.uniform(0.3, MOST_BLUR)
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.float32)
    if rng.random() < 0.25:
        reach = np.float32(rng.uniform(0.2, 1.0))
        line = np.array([reach, 1, reach], np.float32) / (1 + 2 * reach)
        picture = np.asarray(cv2.filter2D(picture, -1, line[None]), np.float32)
    return picture


def _noisy(rng: np.random.Generator, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    noise = rng.standard_normal(picture.shape, np.float32)
    if rng.random() < 0.4:
        noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.4, 1.1)), np.float32)
    return picture + noise * np.float32(rng.uniform(0, 4.5))


def _stored(rng: np.random.Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if rng.random() < 0.5:
        return picture
    stored = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(80, 99))])[1]
    return np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)
