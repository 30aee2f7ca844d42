"""A recipe small enough to train in a second: is the left half of the picture the brighter one?"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from training.recipe import Batch, Recipe, Served, Split, Stage, TensorSpec

SIDE = 8


class Halves(Dataset[dict[str, NDArray[Any]]]):
    def __init__(self, seed: int, length: int = 1000) -> None:
        self._seed, self._length = seed, length
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> dict[str, NDArray[Any]]:
        self.asked.append(index)
        rng = np.random.default_rng((self._seed, index))
        left = int(rng.integers(2))
        image = rng.integers(0, 100, (SIDE, SIDE, 3), dtype=np.uint8)
        image[:, : SIDE // 2] += np.uint8(60 * left)
        image[:, SIDE // 2 :] += np.uint8(60 * (1 - left))
        return {"image": image, "left": np.int64(left)}  # type: ignore[dict-item]


class Toy(Recipe):
    name = "toy"
    default_width = 1.0
    batch_size = 4
    stages: tuple[Stage, ...] = (
        Stage("plain", 80, 1e-2, augmented=False),
        Stage("augmented", 40, 5e-3, augmented=True),
    )

    def __init__(self) -> None:
        self.made: list[Halves] = []

    def network(self, width: float) -> nn.Module:
        channels = round(8 * width)
        return nn.Sequential(
            nn.Conv2d(3, channels, 3, 2, 1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.1),
            nn.Linear(channels * SIDE**2 // 4, 2),
        )

    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        halves = Halves(2 * seed + (split == "check"), 1000 if data is None else 24)
        self.made.append(halves)
        return halves

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        loss = functional.cross_entropy(network(_prepared(batch)), batch["left"])
        return loss, {"cross_entropy": loss.detach()}

    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        right = network(_prepared(batch)).argmax(1) == batch["left"]
        return {"accuracy": float(right.float().mean())}

    def served(self, network: nn.Module) -> Served:
        image = TensorSpec("image", np.dtype(np.uint8), (SIDE, SIDE, 3))
        answer = TensorSpec("logits", np.dtype(np.float32), (2,))
        return Served(network, (image,), (answer,), {})


def _prepared(batch: Batch) -> Tensor:
    return batch["image"].permute(0, 3, 1, 2).to(torch.float32) / 255 - 0.5
