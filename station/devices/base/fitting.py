"""Pictures brought to the preview's size."""

import cv2
import numpy as np
from numpy.typing import NDArray


def fitted(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """(height, width, 3), uint8: the whole picture in a frame of `size` (width, height), black where it does not fill it."""
    height, width = pixels.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    reduced = cv2.resize(
        pixels, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA
    )
    top, left = (size[1] - reduced.shape[0]) // 2, (size[0] - reduced.shape[1]) // 2
    bottom, right = size[1] - reduced.shape[0] - top, size[0] - reduced.shape[1] - left
    return np.asarray(cv2.copyMakeBorder(reduced, top, bottom, left, right, cv2.BORDER_CONSTANT), np.uint8)
