"""A number painted in the pixels of a picture, which survives coding and scaling; needs nothing but numpy."""

import numpy as np
from numpy.typing import NDArray

BITS = 16
NUMBERS = 1 << BITS
"""Numbers count modulo this."""
_PER_ROW = 20  # blocks that fit across a picture
_DARK, _LIGHT = 16, 235

Picture = NDArray[np.uint8]


def side(width: int) -> int:
    """Side of a bit's block in a picture of this width, px."""
    return width // _PER_ROW


def paint(picture: Picture, number: int, row: int = 0) -> None:
    """Paint `number` into `picture`, uint8 (height, width, 3); `row` counts rows of blocks from the top."""
    block = side(picture.shape[1])
    bits = np.where((number >> np.arange(BITS)) & 1, _LIGHT, _DARK).astype(np.uint8)
    picture[row * block : (row + 1) * block, : BITS * block] = np.repeat(bits, block)[None, :, None]


def number_in(picture: Picture, row: int = 0) -> int:
    """The number painted in this row of blocks; `picture` is uint8 (height, width) or (height, width, 3)."""
    block = side(picture.shape[1])
    quarter = max(block // 4, 1)
    lines = picture[row * block + quarter : (row + 1) * block - quarter, : BITS * block]
    means = lines.reshape(lines.shape[0], BITS, block, -1)[:, :, quarter:-quarter].mean((0, 2, 3))
    return int(((means > 128).astype(int) << np.arange(BITS)).sum())
