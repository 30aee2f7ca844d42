"""What the simulated camera sees through a dermoscope: a flat piece of the phantom's skin that fills the picture."""

from typing import Final, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom import Light
from phantom.swatch import Law, Swatch, swatch

FIELD_MM: Final = 20.0
"""What of the skin the longer side of a picture shows."""
LIGHTS: Final[tuple[Light, ...]] = ("white", "cross_polarised", "parallel_polarised", "uv")
_WIDEST: Final = 1200
"""The skin is drawn with at most so many px a side; larger pictures show no more detail than that."""


class CloseUp:
    """One piece of skin under every light; each picture of it has the noise that it was drawn with."""

    def __init__(self, drawn: Swatch, height: int, width: int) -> None:
        self._drawn = drawn
        self._size = height, width

    @classmethod
    def of(cls, seed: int, width: int, height: int) -> Self:
        """The piece of this seed for pictures of this size. Takes seconds."""
        side = min(max(width, height), _WIDEST)
        return cls(
            swatch(seed, Law.training(), side=side, px_per_mm=side / FIELD_MM, lights=LIGHTS), height, width
        )

    def picture(self, light: Light, size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
        """uint8 sRGB (height, width, 3) in the lamp's nominal light; `size`: height and width of a preview."""
        height, width = self._size if size is None else size
        whole = self._drawn.pictures[light]
        scale = max(height, width) / whole.shape[0]
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        whole = np.asarray(cv2.resize(whole, None, fx=scale, fy=scale, interpolation=method), np.uint8)
        top, left = (whole.shape[0] - height) // 2, (whole.shape[1] - width) // 2
        return np.ascontiguousarray(whole[top : top + height, left : left + width])
