"""Served models without Triton, for the server's own functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from server.errors import ModelUnavailable
from server.inference import TritonClient
from training.exam import ServedModel

Arrays = Mapping[str, NDArray[Any]]


class LocalModels:
    """Answers `infer` as Triton's client does, from the files of a model repository; one thread."""

    def __init__(self, repository: Path) -> None:
        self._repository = repository
        self._model = cache(self._opened)

    def as_client(self) -> TritonClient:
        """The same, for functions that take a client and only ask it to infer."""
        return cast(TritonClient, self)

    def _opened(self, name: str) -> ServedModel:
        try:
            return ServedModel.of(self._repository, name)
        except FileNotFoundError as error:
            raise ModelUnavailable(f"there is no model file of {name} in {self._repository}") from error

    async def infer(
        self, model: str, inputs: Arrays, *, outputs: Sequence[str] | None = None, **_: object
    ) -> dict[str, np.ndarray[Any, Any]]:
        """Run `model`; `outputs` None means all it has. `ModelUnavailable` without its file."""
        answer = self._model(model)(**inputs)
        return {name: each for name, each in answer.items() if outputs is None or name in outputs}
