"""Photographs of faces brought into the geometry that the served models see, each once, and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.datasets import files
from training.recipe import Normaliser, Preparing

SIDE = 224
_NAMED = 5
"""pictures that a message names"""


class NormalisedFaces:
    """Pictures as a normaliser shows them, uint8 (224, 224, 3), kept as PNG in `cache` until picture or normaliser change."""

    def __init__(self, cache: Path, normaliser: Normaliser) -> None:
        self._cache, self._normaliser, self._version = cache, normaliser, normaliser.version

    def make(self, pictures: Sequence[Path], heard: Preparing) -> None:
        """Normalise what is not kept yet; `heard` is told how far it is. ValueError names the pictures without a face."""
        faceless = []
        for done, path in enumerate(pictures, 1):
            if not self._kept(path).exists() and not self._keep(path):
                faceless.append(path.name)
            heard("normalising faces", done / len(pictures))
        if faceless:
            named = ", ".join(faceless[:_NAMED]) + (" …" if len(faceless) > _NAMED else "")
            raise ValueError(
                f"{pictures[0].parent}: no face found in {len(faceless)} of {len(pictures)} pictures: {named}; "
                "remove their lines, or give pictures of an upright face that is seen from the front"
            )

    def __call__(self, path: Path) -> NDArray[np.uint8]:
        """A picture of `make`."""
        return files.colour(self._kept(path))

    def _keep(self, path: Path) -> bool:
        shown = self._normaliser(files.colour(path))
        if shown is None:
            return False
        self._cache.mkdir(parents=True, exist_ok=True)
        kept = self._kept(path)
        part = kept.with_suffix(".part")
        part.write_bytes(cv2.imencode(".png", np.ascontiguousarray(shown[..., ::-1]))[1].tobytes())
        part.replace(kept)
        return True

    def _kept(self, path: Path) -> Path:
        stat = path.stat()
        words = f"{path.resolve()}|{stat.st_size}|{stat.st_mtime_ns}|{self._version}"
        return self._cache / f"{hashlib.sha256(words.encode()).hexdigest()[:32]}.png"


def normalised_already(path: Path) -> NDArray[np.uint8]:
    """A picture that is a normalised face as it stands; ValueError if it is not of 224 x 224 px."""
    image = files.colour(path)
    if image.shape[:2] != (SIDE, SIDE):
        raise ValueError(
            f"{path}: is {image.shape[:2]}, a normalised face {(SIDE, SIDE)}; `dermabooth models train` normalises"
        )
    return image
