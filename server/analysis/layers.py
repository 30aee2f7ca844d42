"""A map over a picture together with what its numbers mean."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.protocol import Layer


@dataclass(frozen=True, eq=False)
class LayerMap:
    """A map of 8-bit values over a whole picture; a quantity is `offset + scale * value`."""

    layer: Layer
    pixels: NDArray[np.uint8]
    """(height, width) of the picture; a mask where the layer is skin, over 127 inside."""
    scale: float
    offset: float
    unit: str

    def quantity(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values of the map, of any shape, in `unit`."""
        return np.asarray(np.float32(self.offset) + np.float32(self.scale) * values, np.float32)
