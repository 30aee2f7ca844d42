"""What one model's making consists of: its network, data, loss, and what of it is served."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

Sample = Mapping[str, NDArray[Any]]
"""One training example: `image` and truths as arrays; batches stack each name along a new first axis."""
Batch = Mapping[str, Tensor]
Split = Literal["train", "check"]
Schedule = Literal["cosine", "poly"]
"""How the learning rate falls in a stage: flat, then half a cosine; or (1 - share)^0.9 as BiSeNet's."""

Preparing = Callable[[str, float], None]
"""Hears what is being made and which share of it is, 0..1."""


class Normaliser(Protocol):
    """Brings a face into the geometry in which the served models see it."""

    @property
    def version(self) -> str:
        """Changes where the same picture is shown otherwise."""
        ...

    def __call__(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """The face (224, 224, 3) of a picture (H, W, 3), sRGB; None where none is found."""
        ...


@dataclass(frozen=True)
class Stage:
    """A stretch of training: plain first, augmented after."""

    name: str
    images: int
    learning_rate: float
    augmented: bool


@dataclass(frozen=True)
class TensorSpec:
    """A tensor of the served model; the batch axis is not in `shape`."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Served:
    """What is exported: a module from the input tensors to the output tensors, in the order of the specs."""

    module: nn.Module
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    metadata: Mapping[str, str]


class Recipe(ABC):
    """One model. `width` 1.0 is the paper's; `default_width` is what is shipped."""

    name: str
    default_width: float
    batch_size: int = 8
    weight_decay: float = 1e-2
    schedule: Schedule = "cosine"
    stages: tuple[Stage, ...]

    @abstractmethod
    def network(self, width: float) -> nn.Module:
        """The network to train, freshly initialised; keys as torchvision names them where torchvision has it."""

    def prepare(self, data: Path | None, normaliser: Normaliser, heard: Preparing) -> None:  # noqa: B027  may be nothing
        """Make and keep what the examples are drawn from, which `dataset` would else make at first use.

        Nothing unless a recipe says so. ValueError says what is wrong with the folder `data`.
        """

    @abstractmethod
    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        """Examples of the phantom (`data` None) or of a folder; ValueError says what the folder lacks.

        An example is a function of `seed` and its index; the two splits share no identity.
        """

    @abstractmethod
    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """The scalar to minimise, and detached parts of it by name for the progress line."""

    @abstractmethod
    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Quick figures on a batch of the check split."""

    @abstractmethod
    def served(self, network: nn.Module) -> Served:
        """The part that is exported, in evaluation mode, training-only heads dropped."""

    def variants(self, network: nn.Module) -> Mapping[str, Served]:
        """Further served models of the same weights, by name; none unless a recipe says so."""
        return {}
