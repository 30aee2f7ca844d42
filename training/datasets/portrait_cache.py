"""Rendered portraits on disk, so that each is rendered once: made in pieces, resumable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.portrait import LAW, portrait
from phantom.stage import VERSION

SIDE = 224
PIECE = 25
"""portraits in one file"""
Progress = Callable[[float], None]
"""hears which share of the wanted portraits there is"""


class PortraitCache:
    """`count` portraits from `first_seed` on, in a folder named after the renderer's version."""

    def __init__(self, folder: Path, first_seed: int, count: int) -> None:
        self._folder = folder / f"portraits-v{VERSION}.{LAW}-{SIDE}"
        self._starts = range(first_seed, first_seed + count, PIECE)
        self.count = len(self._starts) * PIECE

    def make(self, progress: Progress | None = None, *, least: int | None = None) -> None:
        """Render what is missing, `least` portraits or all; `progress` hears how far it is.

        Half a second a portrait on one core.
        """
        wanted = self._starts[: -(-min(least or self.count, self.count) // PIECE)]
        if all(self._path(start).exists() for start in wanted):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for index, start in enumerate(wanted):
            if not self._path(start).exists():
                _save(self._path(start), *_render(start))
            if progress is not None:
                progress((index + 1) / len(wanted))

    def load(self) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """What there is: (N, S, S, 5) sRGB, alpha and labels; (N, 8, 3) landmarks. FileNotFoundError if nothing."""
        found = [self._path(start) for start in self._starts if self._path(start).exists()]
        if not found:
            raise FileNotFoundError(
                f"{self._folder}: holds no portraits of seeds from {self._starts.start} on"
            )
        pieces = [np.load(path) for path in found]
        return np.concatenate([p["pixels"] for p in pieces]), np.concatenate([p["landmarks"] for p in pieces])

    def _path(self, start: int) -> Path:
        return self._folder / f"{start}.npz"


def _render(start: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        drawn = [portrait(seed, SIDE) for seed in range(start, start + PIECE)]
    finally:
        cv2.setNumThreads(before)
    pixels = np.stack([np.dstack([p.image, p.alpha, p.labels]) for p in drawn])
    return pixels, np.stack([p.landmarks for p in drawn])


def _save(path: Path, pixels: NDArray[np.uint8], landmarks: NDArray[np.float32]) -> None:
    """Write atomically, so that a reader never sees half a file."""
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, pixels=pixels, landmarks=landmarks)
    partial.replace(path)
