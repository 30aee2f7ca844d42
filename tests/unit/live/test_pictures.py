"""Pictures of any size, layout and range."""

import av
import numpy as np
import pytest

from server.live.pictures import planar, rgb_of

pytestmark = pytest.mark.unit
COLOURS = ((200, 120, 90), (60, 140, 180))


def halves(width: int, height: int, layout: str) -> av.VideoFrame:
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:, : width // 2], rgb[:, width // 2 :] = COLOURS
    picture = av.VideoFrame.from_ndarray(rgb, format="rgb24")
    return picture if layout == "rgb24" else picture.reformat(format=layout)


@pytest.mark.parametrize("layout", ["rgb24", "yuv420p", "yuvj420p", "yuvj422p"])
@pytest.mark.parametrize(
    ("width", "height", "side"), [(160, 96, 80), (160, 96, 640), (97, 63, 50), (97, 63, 97)]
)
def test_a_picture_keeps_its_colours(width: int, height: int, side: int, layout: str) -> None:
    seen = rgb_of(halves(width, height, layout), side)
    scale = min(1.0, side / width)
    assert seen.shape == (round(height * scale), round(width * scale), 3)
    for place, colour in zip((0.2, 0.8), COLOURS, strict=True):
        there = seen[seen.shape[0] // 2, int(place * seen.shape[1])].astype(int)
        assert np.abs(there - colour).max() <= 6


def test_what_is_planar_already_is_not_copied() -> None:
    picture = halves(160, 96, "yuv420p")
    assert planar(picture) is picture
    assert (planar(halves(97, 63, "yuv420p")).width, planar(halves(97, 63, "rgb24")).height) == (96, 62)
