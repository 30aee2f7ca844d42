"""Tiles cover a map once and leave no seams."""

import numpy as np
import pytest

from server.inference import Tiling
from server.inference.tiles import Stitcher, padded

pytestmark = pytest.mark.unit

SIZES = [(256, 256), (300, 1000), (1000, 300), (40, 50), (1, 1), (769, 513)]


def stitched(values: np.ndarray, tiling: Tiling) -> np.ndarray:
    """What comes of a map that is cut into tiles and put together."""
    stitcher = Stitcher(tiling, 1)
    for row in tiling.rows:
        rows = np.clip(np.arange(row, row + tiling.side), 0, tiling.height - 1)
        for column in tiling.columns:
            stitcher.add(column, padded(values[rows], column, tiling.side)[None])
        stitcher.finish_row(row)
    return np.asarray(stitcher.maps[0])


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("step", [224, 208, 131, 112])
@pytest.mark.parametrize("shift", [0, 50])
def test_tiles_of_a_map_are_the_map(size: tuple[int, int], step: int, shift: int) -> None:
    values = np.random.default_rng(1).integers(0, 256, size, np.uint8)
    assert np.array_equal(stitched(values, Tiling(*size, step=step, shift=shift)), values)


def test_the_edge_of_a_tile_counts_for_nothing() -> None:
    window = Tiling(100, 100).window
    assert window[:16].max() == 0 == window[:, -16:].max()
    assert window[128, 128] == 1
    assert np.abs(np.diff(window, axis=0)).max() < 0.1


def test_tiles_must_overlap() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Tiling(100, 100, step=250)
    with pytest.raises(ValueError, match="overlap"):
        Tiling(100, 100, step=100)
