"""Patches of skin with masks of the four items, in folders."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from training.datasets import files
from training.recipe import Split

ITEMS = ("melanin", "trouble", "wrinkle", "pore")
FULL_SCALE = (3.0, 3.0, 0.30, 0.20)
"""Intensity that byte 255 of a file stands for: log-melanin gain, log-blood gain, mm deep, mm deep."""
SIDE = 144
"""Of an example, px."""
LIGHTS = ("parallel_polarised", "cross_polarised")


class Patches(Dataset[dict[str, NDArray[Any]]]):
    """`image` uint8 (S, S, 6), `area` and `known` uint8, `intensity` float32 (4, S, S); `measured`, `augmented` bool ().

    `folder` holds pictures of 20 px/mm in images/parallel_polarised/ and images/cross_polarised/, of equal names, or
    in images/ alone, which then stand for both lights; masks/ITEM/NAME.png, over 127 where the item is; and, if it
    was measured, intensity/ITEM/NAME.png of `FULL_SCALE` at 255. What has no mask file counts as not looked for.
    Example `index` is a part of picture `index % len`, chosen by `seed` and the index. ValueError says what is missing.
    """

    def __init__(self, folder: Path, split: Split, *, seed: int = 0, augmented: bool = False) -> None:
        files.folder_of(folder / "images", "--data is a folder with images/ and masks/")
        pairs = _pairs(folder / "images")
        self._masks = _by_item(files.folder_of(folder / "masks", f"with folders {', '.join(ITEMS)}"))
        if not self._masks:
            raise ValueError(f"{folder / 'masks'}: none of the folders {', '.join(ITEMS)}")
        self._depths = _by_item(folder / "intensity") if (folder / "intensity").is_dir() else {}
        mine = files.divided(pairs, split)
        self._pairs = [(name, *pairs[name]) for name in sorted(mine)]
        self._seed, self._training = seed, split == "train"
        self._augmented = augmented and self._training

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        """Read one picture and its masks."""
        name, parallel, cross = self._pairs[index % len(self)]
        image = self._picture(parallel, cross)
        shape = image.shape[:2]
        area, known, intensity = (np.zeros((len(ITEMS), *shape), t) for t in (np.uint8, np.uint8, np.float32))
        for item in (item for item in self._masks if name in self._masks[item]):
            at = ITEMS.index(item)
            area[at] = _beside(self._masks[item][name], shape) > 127
            known[at] = 1
            if name in self._depths.get(item, {}):
                intensity[at] = _beside(self._depths[item][name], shape) * np.float32(FULL_SCALE[at] / 255)
        where = self._part(index, shape)
        return {
            "image": np.ascontiguousarray(image[where]),
            **{
                key: np.ascontiguousarray(value[:, where[0], where[1]])
                for key, value in {"area": area, "known": known, "intensity": intensity}.items()
            },
            "measured": np.asarray(bool(self._depths)),
            "augmented": np.asarray(self._augmented),
        }

    def _picture(self, parallel: Path, cross: Path) -> NDArray[np.uint8]:
        pair = files.colour(parallel), files.colour(cross)
        if pair[0].shape != pair[1].shape:
            raise ValueError(
                f"{cross}: is {pair[1].shape[:2]}, {parallel} {pair[0].shape[:2]}; they are one view"
            )
        if min(pair[0].shape[:2]) < SIDE:
            raise ValueError(f"{parallel}: smaller than {SIDE} px; 20 px are 1 mm, take a larger piece")
        return np.concatenate(pair, -1)

    def _part(self, index: int, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Any part in training, the middle in checking."""
        spare = np.array(shape) - SIDE
        rng = np.random.default_rng([self._seed, index])
        top, left = (rng.integers(0, spare + 1) if self._training else spare // 2).tolist()
        return slice(top, top + SIDE), slice(left, left + SIDE)


def _pairs(images: Path) -> dict[str, tuple[Path, Path]]:
    """The two lights' files by name."""
    folders = [images / light for light in LIGHTS]
    if not any(folder.is_dir() for folder in folders):
        return {name: (path, path) for name, path in files.pictures(images).items()}
    parallel, cross = (files.pictures(files.folder_of(each, "both lights are needed")) for each in folders)
    for name in parallel.keys() ^ cross.keys():
        raise ValueError(f"{images}: {name} is there in one light only; add the other or remove it")
    return {name: (parallel[name], cross[name]) for name in parallel}


def _by_item(folder: Path) -> Mapping[str, Mapping[str, Path]]:
    for path in folder.iterdir():
        if path.is_dir() and path.name not in ITEMS:
            raise ValueError(f"{path}: not an item; the items are {', '.join(ITEMS)}")
    return {item: files.pictures(folder / item) for item in ITEMS if (folder / item).is_dir()}


def _beside(path: Path, shape: tuple[int, int]) -> NDArray[np.uint8]:
    mask = files.grey(path)
    if mask.shape != shape:
        raise ValueError(f"{path}: is {mask.shape}, its picture {shape}; they have to be of one size")
    return mask
