"""The square around a face that the live model sees."""

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

LIVE_SIDE: Final = 256
"""Side of a preview crop, px: about 1 px/mm on the face. One size for all booths, because Triton joins only requests of equal shape."""

STILL_SIDE: Final = 512
"""Side of a still's crop, px."""

MARGIN: Final = 1.6
"""Side of the crop in sides of the face box: the face from bare crown to chin, with some background."""

Image = npt.NDArray[np.uint8]
"""(H, W), or (H, W, 3) in sRGB."""


@dataclass(frozen=True)
class FaceCrop:
    """A square of `extent` px of an image around a face, shown as `side` x `side` px; may reach over the edge."""

    left: float
    top: float
    extent: float
    side: int
    box: tuple[float, float, float, float]
    """The face box in the crop: x, y, width, height in [0, 1]."""

    @classmethod
    def around(cls, box: tuple[float, float, float, float], side: int = LIVE_SIDE) -> "FaceCrop":
        """For a face box x, y, width, height in px of the image; raises `ValueError` for one without an area."""
        x, y, width, height = box
        if width <= 0 or height <= 0:
            raise ValueError("a face box needs an area")
        extent = MARGIN * max(width, height)
        left, top = x + width / 2 - extent / 2, y + height / 2 - extent / 2
        inner = ((x - left) / extent, (y - top) / extent, width / extent, height / extent)
        return cls(left, top, extent, side, inner)

    @classmethod
    def square(cls, centre: tuple[float, float], extent: float, side: int) -> "FaceCrop":
        """A square around any place, in px of the image; its box is the whole of it."""
        x, y = centre
        return cls(x - extent / 2, y - extent / 2, extent, side, (0.0, 0.0, 1.0, 1.0))

    def cut(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The crop [side, side, 3]; beyond the image its edge goes on. Shrunk without aliasing."""
        shrink = max(1, int(self.extent / self.side))
        if shrink > 1:
            image, scale = self._shrunk(image, shrink)
            return FaceCrop(*scale, self.side, self.box).cut(image)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(
            image, self._to_image(), (self.side, self.side), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )

    def paste(self, layer: Image, size: tuple[int, int]) -> Image:
        """A map of the crop laid back into an image of `size` (height, width); 0 elsewhere."""
        height, width = size
        left, top = max(0, int(self.left)), max(0, int(self.top))
        right = min(width, int(np.ceil(self.left + self.extent)))
        bottom = min(height, int(np.ceil(self.top + self.extent)))
        whole = np.zeros(size, np.uint8)
        if right <= left or bottom <= top:
            return whole
        scale = self.side / self.extent
        matrix = np.array(
            [
                [scale, 0, (left - self.left + 0.5) * scale - 0.5],
                [0, scale, (top - self.top + 0.5) * scale - 0.5],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        whole[top:bottom, left:right] = cv2.warpAffine(
            layer, matrix, (right - left, bottom - top), flags=flags
        )
        return whole

    def _to_image(self) -> npt.NDArray[np.float64]:
        scale = self.extent / self.side
        shift = 0.5 * scale - 0.5
        return np.array([[scale, 0, self.left + shift], [0, scale, self.top + shift]])

    def _shrunk(
        self, image: npt.NDArray[Any], by: int
    ) -> tuple[npt.NDArray[Any], tuple[float, float, float]]:
        """The part of the image that matters averaged over `by` x `by` px, and this crop's place in it."""
        height, width = image.shape[:2]
        left, top = (
            int(np.clip(each, 0, limit - by)) for each, limit in ((self.left, width), (self.top, height))
        )
        columns = min(width - left, int(self.extent) + 2 * by) // by
        rows = min(height - top, int(self.extent) + 2 * by) // by
        part = image[top : top + rows * by, left : left + columns * by]
        small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
        return small, ((self.left - left) / by, (self.top - top) / by, self.extent / by)
