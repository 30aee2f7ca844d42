"""Photographs of faces as the server shows them to `acne_severity`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dermabooth.exam import LocalModels
from server.analysis import find_face, normalising
from server.errors import ModelUnavailable
from server.inference import SEGMENTER, model_info
from server.inference.faces import Similarity, placed
from server.pipeline import TrainedModels

Picture = NDArray[np.uint8]


class FaceNormaliser:
    """Finds the face as a visit does: detector, then segmenter, whose landmarks place it; the models of `repository`."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._models = TrainedModels(LocalModels(repository).as_client(), (), _here)

    @property
    def version(self) -> str:
        """Hash of the segmenter; FileNotFoundError without one."""
        return model_info(self._repository, SEGMENTER).sha256

    def __call__(self, picture: Picture) -> Picture | None:
        """The face (224, 224, 3) of a picture (H, W, 3), sRGB: eyes on row 85, midline on column 112, 1.3 px/mm.

        None where none is found; ValueError if the segmenter's file is missing.
        """
        placing = self.placing(picture)
        return None if placing is None else placed(picture, placing)

    def placing(self, picture: Picture) -> Similarity | None:
        """The similarity (2, 3) from a place in the picture to the one in the normalised face; errors as of a call."""
        try:
            return asyncio.run(self._placing(picture))
        except ModelUnavailable as error:
            raise ValueError(str(error)) from error

    async def _placing(self, picture: Picture) -> Similarity | None:
        face = find_face(picture) or await self._models.search(picture)
        if face is None:
            return None
        seen = await self._models.segment(picture, face)
        return normalising(face if seen is None else seen[1])


async def _here(work: Callable[..., Any], *args: Any) -> Any:
    return work(*args)
