"""Decoded pictures in the one layout that coders and OpenCV share, and as RGB."""

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange
from numpy.typing import NDArray


def planar(picture: av.VideoFrame) -> av.VideoFrame:
    """The picture with even sides as 4:2:0 of limited range, whatever range it has; the same one if it is so already."""
    size = _even(picture.width), _even(picture.height)
    if picture.format.name == "yuv420p" and size == (picture.width, picture.height):
        return picture
    return picture.reformat(
        *size,
        format="yuv420p",
        src_color_range=ColorRange.JPEG if picture.format.name.startswith("yuvj") else None,
        dst_color_range=ColorRange.MPEG,
    )


def rgb_of(picture: av.VideoFrame, longest_side: int) -> NDArray[np.uint8]:
    """uint8 (height, width, 3) RGB, scaled down to `longest_side` where it is larger."""
    scale = min(1.0, longest_side / max(picture.width, picture.height))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    if picture.format.name.startswith("yuvj"):  # OpenCV knows no full range
        return np.asarray(picture.to_ndarray(format="rgb24", width=size[0], height=size[1]), np.uint8)
    # half the time that FFmpeg's scaler takes
    rgb = cv2.cvtColor(planar(picture).to_ndarray(), cv2.COLOR_YUV2RGB_I420)
    if (rgb.shape[1], rgb.shape[0]) != size:
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(rgb, np.uint8)


def _even(side: int) -> int:
    """Chroma has half the resolution."""
    return max(2, side // 2 * 2)
