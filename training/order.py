"""Which example comes when: a function of seed and position, so that a resumed run sees what it would have seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

Examples = Dataset[dict[str, NDArray[Any]]]
ENDLESS = 2**31
"""Length of a data set that states none."""


def length(dataset: Examples) -> int:
    """Examples in `dataset`, `ENDLESS` if it does not say."""
    stated = getattr(dataset, "__len__", None)
    return int(stated()) if stated is not None else ENDLESS


class Positions(Sampler[list[int]]):
    """Batches of indices without end from position `start`, pass after pass.

    Shuffled ones are another permutation in each pass, plus `count` for each pass before: a folder's data set shows
    picture `index % count` then, varied by the whole index.
    """

    def __init__(self, count: int, batch_size: int, *, seed: int, start: int = 0, shuffled: bool) -> None:
        if count < 1:
            raise ValueError("the data set is empty")
        self._count, self._batch_size = count, batch_size
        self._seed, self._start, self._shuffled = seed, start, shuffled

    def __iter__(self) -> Iterator[list[int]]:
        position, known, order = self._start, -1, np.zeros(0, np.int64)
        while True:
            batch = []
            for at in range(position, position + self._batch_size):
                passed, index = divmod(at, self._count)
                if self._shuffled and passed != known:
                    known, order = (
                        passed,
                        np.random.default_rng((self._seed, passed)).permutation(self._count),
                    )
                batch.append(at - index + int(order[index]) if self._shuffled else index)
            yield batch
            position += self._batch_size


def stack(samples: Sequence[Mapping[str, NDArray[Any]]]) -> dict[str, Tensor]:
    """Examples stacked name by name along a new first axis."""
    return {name: torch.from_numpy(np.stack([s[name] for s in samples])) for name in samples[0]}


def batches(
    dataset: Examples, batch_size: int, *, seed: int, start: int, shuffled: bool, workers: int
) -> Iterator[dict[str, Tensor]]:
    """Batches without end from position `start`; with `workers` they are made in that many processes."""
    positions = Positions(length(dataset), batch_size, seed=seed, start=start, shuffled=shuffled)
    loader = DataLoader(
        dataset,
        batch_sampler=positions,
        num_workers=workers,
        collate_fn=stack,
        worker_init_fn=_single_thread,
        generator=torch.Generator().manual_seed(seed),
    )
    return cast(Iterator[dict[str, Tensor]], iter(loader))


def first(dataset: Examples, images: int, batch_size: int) -> list[dict[str, Tensor]]:
    """The first `images` examples in batches."""
    count = min(images, length(dataset))
    return [
        stack([dataset[index] for index in range(start, min(start + batch_size, count))])
        for start in range(0, count, batch_size)
    ]


def _single_thread(worker: int) -> None:
    cv2.setNumThreads(0)
