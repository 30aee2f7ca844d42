"""A square of a picture, as the network sees it, and the way back."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.geometry.network import SIDE, Plane


@dataclass(frozen=True)
class Square:
    """Centre and side in px of the picture; may reach over its edge."""

    x: float
    y: float
    extent: float

    @property
    def left(self) -> float:
        """Px of the picture."""
        return self.x - self.extent / 2

    @property
    def top(self) -> float:
        """Px of the picture."""
        return self.y - self.extent / 2

    def cut(self, picture: Plane) -> Plane:
        """(256, 256, 3); beyond the picture its edge goes on. Shrunk without aliasing."""
        shrink = max(1, int(self.extent / SIDE))
        if shrink == 1:
            return self._warped(picture)
        height, width = picture.shape[:2]
        left, top = (
            int(np.clip(at, 0, limit - shrink)) for at, limit in ((self.left, width), (self.top, height))
        )
        columns = max(1, min(width - left, int(self.extent) + 2 * shrink) // shrink)
        rows = max(1, min(height - top, int(self.extent) + 2 * shrink) // shrink)
        part = picture[top : top + rows * shrink, left : left + columns * shrink]
        small = np.asarray(cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)
        inner = Square((self.x - left) / shrink, (self.y - top) / shrink, self.extent / shrink)
        return inner._warped(small)

    def outwards(self, points: NDArray[np.float32]) -> NDArray[np.float64]:
        """(N, 2) shares of the square as px of the picture."""
        return np.asarray(points, np.float64) * self.extent + (self.left, self.top)

    def laid_back(self, layer: Plane, width: int, height: int) -> Plane:
        """A map (256, 256) of the square as one of the picture, (height, width); 0 outside the square."""
        whole = np.zeros((height, width), np.uint8)
        left, top = max(0, int(self.left)), max(0, int(self.top))
        right = min(width, int(np.ceil(self.left + self.extent)))
        bottom = min(height, int(np.ceil(self.top + self.extent)))
        if right <= left or bottom <= top:
            return whole
        scale = SIDE / self.extent
        shift = [(at - start + 0.5) * scale - 0.5 for at, start in ((left, self.left), (top, self.top))]
        matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
        flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(
            layer, matrix, (right - left, bottom - top), whole[top:bottom, left:right], flags=flags
        )
        return whole

    def scaled(self, factor: float) -> "Square":
        """The same square of a picture `factor` times as large."""
        return Square(self.x * factor, self.y * factor, self.extent * factor)

    def _warped(self, picture: Plane) -> Plane:
        scale = self.extent / SIDE
        shift = 0.5 * scale - 0.5
        matrix = np.array([[scale, 0, self.left + shift], [0, scale, self.top + shift]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return np.asarray(
            cv2.warpAffine(picture, matrix, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE),
            np.uint8,
        )
