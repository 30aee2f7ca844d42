"""Statistics that a few outliers do not move. NumPy's own spend more time on checks than on small regions."""

import numpy as np
from numpy.typing import NDArray

_NORMAL = 1.4826
"""Standard deviation of normal values over their median absolute deviation."""


def median(values: NDArray[np.floating]) -> float:
    """Of one value or more, in any shape."""
    flat = values.ravel()
    middle = flat.size // 2
    if flat.size % 2:
        return float(np.partition(flat, middle)[middle])
    parted = np.partition(flat, (middle - 1, middle))
    return (float(parted[middle - 1]) + float(parted[middle])) / 2


def deviation(values: NDArray[np.floating], about: float = 0.0) -> float:
    """Standard deviation by the median absolute deviation."""
    return _NORMAL * median(np.abs(values - values.dtype.type(about)))
