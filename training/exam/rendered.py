"""Portraits of an exam, each rendered once and kept: rendering takes longer than examining."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from phantom import ITA_CLASSES
from phantom.identity import Identity
from phantom.portrait import LAW, portrait
from phantom.stage import VERSION
from training.exam.sets import seeds

SIDE: Final = 224


@dataclass(frozen=True)
class Rendered:
    """A cut-out person, as `phantom.portrait.Portrait` has it."""

    seed: int
    ita_class: str
    image: NDArray[np.uint8]
    alpha: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    landmarks: NDArray[np.float32]


def people(wanted: int) -> Iterator[Rendered]:
    """Portraits of new seeds, the ITA classes in turn; kept in `.cache/dermabooth/exam` of the working directory."""
    numbers = count(seeds("in-range", 1).start)
    waiting: dict[str, list[int]] = {name: [] for name in ITA_CLASSES}
    for index in range(wanted):
        name = ITA_CLASSES[index % len(ITA_CLASSES)]
        while not waiting[name]:
            seed = next(numbers)
            waiting[Identity.sample(seed).ita_class].append(seed)
        yield _kept(waiting[name].pop(0), name)


def folder() -> Path:
    """Where portraits of this renderer are kept; `DERMABOOTH_EXAM_CACHE` names another place."""
    base = os.environ.get("DERMABOOTH_EXAM_CACHE", ".cache/dermabooth/exam")
    return Path(base) / f"portraits-v{VERSION}.{LAW}-{SIDE}"


def _kept(seed: int, name: str) -> Rendered:
    path = folder() / f"{seed}.npz"
    if not path.exists():
        drawn = portrait(seed, SIDE)
        path.parent.mkdir(parents=True, exist_ok=True)
        # Never half a file, also where two exams render at once.
        partial = path.with_suffix(f".{os.getpid()}.npz")
        pixels = np.dstack([drawn.image, drawn.alpha, drawn.labels])
        np.savez_compressed(partial, pixels=pixels, landmarks=drawn.landmarks)
        partial.replace(path)
    with np.load(path) as kept:
        pixels, landmarks = kept["pixels"], kept["landmarks"]
    return Rendered(seed, name, pixels[..., :3], pixels[..., 3], pixels[..., 4], landmarks)
