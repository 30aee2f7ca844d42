"""Large maps by overlapping tiles: a smooth window makes one map of them without seams, a band of rows at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

Window = npt.NDArray[np.float32]

MARGIN: Final = 16
"""Edge of a network's tile that counts for nothing, px: what is seen there lacks its surroundings."""


@dataclass(frozen=True)
class Tiling:
    """Square tiles over a grid of `height` x `width` px; they may reach over its edges."""

    height: int
    width: int
    side: int = 256
    step: int = 208
    shift: int = 0
    """Moves all tiles up and left, px."""
    margin: int = MARGIN

    def __post_init__(self) -> None:
        inside = self.side - 2 * self.margin
        if not inside / 2 <= self.step <= inside:
            raise ValueError("neighbouring tiles must overlap, and only those")

    @cached_property
    def rows(self) -> tuple[int, ...]:
        """Upper edge of every row of tiles."""
        return self._starts(self.height)

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Left edge of every column of tiles."""
        return self._starts(self.width)

    @cached_property
    def window(self) -> Window:
        """Weight of each pixel of a tile: 0 in the margin, a raised cosine, 1 inside; overlapping, they sum to 1."""
        overlap = self.side - 2 * self.margin - self.step
        ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(overlap) + 0.5) / max(overlap, 1))
        inside = np.ones(self.side - 2 * self.margin)
        if overlap:
            inside[:overlap], inside[-overlap:] = ramp, ramp[::-1]
        edge = np.pad(inside, self.margin)
        return np.asarray(np.outer(edge, edge), np.float32)

    def _starts(self, length: int) -> tuple[int, ...]:
        """So many tiles that windows cover the grid and sum to 1 everywhere in it."""
        overlap = self.side - 2 * self.margin - self.step
        first = -self.margin - overlap - self.shift
        return tuple(range(first, length - self.margin, self.step))


class Stitcher:
    """Sums weighted tiles, row after row of tiles from the top, into uint8 maps (channels, height, width).

    Holds one band of tiles in floating point; what no later tile reaches is rounded into the maps.
    """

    def __init__(self, tiling: Tiling, channels: int) -> None:
        self._tiling = tiling
        self._left = tiling.columns[0]
        span = tiling.columns[-1] + tiling.side - self._left
        self._band = np.zeros((channels, tiling.side, span), np.float32)
        self.maps = np.zeros((channels, tiling.height, tiling.width), np.uint8)

    def add(self, column: int, tile: npt.NDArray[np.uint8]) -> None:
        """Add a tile (channels, side, side) of the present row whose left edge is `column`."""
        at = column - self._left
        self._band[:, :, at : at + self._tiling.side] += tile * self._tiling.window

    def finish_row(self, row: int) -> None:
        """No more tiles of the row with this upper edge."""
        step, tiling = self._tiling.step, self._tiling
        rows = tiling.side if row == tiling.rows[-1] else step
        top, bottom = max(row, 0), min(row + rows, tiling.height)
        if bottom > top:
            done = self._band[:, top - row : bottom - row, -self._left : tiling.width - self._left]
            self.maps[:, top:bottom] = np.clip(done + 0.5, 0, 255).astype(np.uint8)
        self._band[:, :-step] = self._band[:, step:]
        self._band[:, -step:] = 0


def batches(columns: tuple[int, ...], size: int) -> Iterator[tuple[int, ...]]:
    """The columns of a row, at most `size` at a time."""
    for start in range(0, len(columns), size):
        yield columns[start : start + size]


def padded(band: npt.NDArray[Any], left: int, side: int) -> npt.NDArray[Any]:
    """`side` columns of a band (rows, columns, …) from `left` on; beyond its edges the outermost column goes on."""
    columns = np.clip(np.arange(left, left + side), 0, band.shape[1] - 1)
    return band[:, columns]
