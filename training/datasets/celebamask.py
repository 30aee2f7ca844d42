"""CelebAMask-HQ (Lee et al., MaskGAN, CVPR 2020): its 19 classes merged into `PARTS`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Dataset

from phantom.portrait import IGNORE
from phantom.scene import PART
from training.datasets import files
from training.recipe import Split

CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "cloth": "clothing",
        "neck": "neck",
        "neck_l": "clothing",
        "hair": "hair",
        "hat": "clothing",
        "l_ear": "ear",
        "r_ear": "ear",
        "ear_r": "clothing",
        "skin": "skin",
        "nose": "skin",
        "l_brow": "brow",
        "r_brow": "brow",
        "l_eye": "eye",
        "r_eye": "eye",
        "u_lip": "lips",
        "l_lip": "lips",
        "mouth": "mouth",
        "eye_g": "glasses",
    }
)
"""The data set's class (a mask file's ending; what has none is background), and its part, later ones above earlier.

`neck_l` is the necklace, `ear_r` the ear ring, `eye_g` the glasses. There is no class of beards: they are skin or hair.
"""
OVER = ("hair", "hat")
"""These cover the face where masks overlap."""
IMAGES, MASKS = "CelebA-HQ-img", "CelebAMask-HQ-mask-anno"
PER_FOLDER = 2000


class CelebAMask(Dataset[dict[str, NDArray[Any]]]):
    """`image` uint8 (S, S, 3) and `labels` uint8 (S, S) of `PARTS`, 255 outside the picture; no landmarks.

    `folder` holds CelebA-HQ-img/0.jpg … and CelebAMask-HQ-mask-anno/0/00000_skin.png …, 2000 pictures a mask folder.
    Example `index` shows picture `index % len`, varied by `seed` and the index. ValueError says what is missing.
    """

    def __init__(
        self, folder: Path, split: Split, *, side: int, seed: int = 0, augmented: bool = False
    ) -> None:
        said = "--data is the unpacked folder CelebAMask-HQ"
        found = files.pictures(files.folder_of(folder / IMAGES, said))
        self._masks = files.folder_of(folder / MASKS, said)
        bad = next((stem for stem in found if not stem.isdecimal()), None)
        if bad is not None:
            raise ValueError(
                f"{found[bad]}: pictures are named by their number, such as 0.jpg; rename or remove it"
            )
        mine = files.divided(found, split)
        self._pictures = [found[stem] for stem in sorted(mine, key=int)]
        self._side, self._seed, self._augmented = side, seed, augmented and split == "train"

    def __len__(self) -> int:
        return len(self._pictures)

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        """Read one picture and its masks."""
        path = self._pictures[index % len(self)]
        size = (self._side, self._side)
        image = np.asarray(cv2.resize(files.colour(path), size, interpolation=cv2.INTER_AREA), np.uint8)
        labels = np.asarray(
            cv2.resize(self._labels(int(path.stem)), size, interpolation=cv2.INTER_NEAREST), np.uint8
        )
        if self._augmented:
            rng = np.random.default_rng([self._seed, index])
            image, turned, _ = files.turned(rng, image, labels, outside=IGNORE)
            assert turned is not None
            image, labels = files.lit(rng, image), turned
        return {"image": image, "labels": labels}

    def _labels(self, number: int) -> NDArray[np.uint8]:
        """The parts of a picture; a class that is not in it has no file, but skin is in every one."""
        start = self._masks / str(number // PER_FOLDER)
        masks = {
            name: start / f"{number:05d}_{name}.png"
            for name in (*(c for c in CLASSES if c not in OVER), *OVER)
        }
        if not masks["skin"].is_file():
            raise ValueError(f"{masks['skin']}: missing; every picture needs at least the mask of its skin")
        labels: NDArray[np.uint8] | None = None
        for name, path in masks.items():
            if not path.is_file():
                continue
            mask = files.grey(path)
            if labels is None:
                labels = np.full(mask.shape, PART["background"], np.uint8)
            if mask.shape != labels.shape:
                raise ValueError(
                    f"{path}: is {mask.shape}, the picture's other masks {labels.shape}; export it again"
                )
            labels[mask > 127] = PART[CLASSES[name]]
        assert labels is not None
        return labels
