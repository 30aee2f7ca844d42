"""Squares around faces."""

import numpy as np
import pytest

from server.inference import FaceCrop

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("size", [40, 160, 590])
@pytest.mark.parametrize("side", [256, 512])
def test_what_was_cut_comes_back_to_its_place(size: int, side: int) -> None:
    image = np.zeros((900, 1200, 3), np.uint8)
    image[300 : 300 + size, 200 : 200 + size] = 255
    crop = FaceCrop.around((200, 300, size, size), side)
    seen = crop.cut(image)
    assert seen.shape == (side, side, 3)
    back = crop.paste(np.ascontiguousarray(seen[..., 0]), (900, 1200))
    rows, columns = np.nonzero(back > 127)
    assert rows.min() == pytest.approx(300, abs=2)
    assert rows.max() == pytest.approx(299 + size, abs=2)
    assert columns.min() == pytest.approx(200, abs=2)
    assert columns.max() == pytest.approx(199 + size, abs=2)


@pytest.mark.parametrize("size", [40, 160, 700])
def test_the_box_of_the_crop_is_the_box_of_the_image(size: int) -> None:
    image = np.zeros((900, 1200, 3), np.uint8)
    image[100 : 100 + size, 300 : 300 + size] = 200
    crop = FaceCrop.around((300, 100, size, size))
    x, y, width, height = (each * 256 for each in crop.box)
    rows, columns = np.nonzero(crop.cut(image)[..., 0] > 100)
    assert (columns.min(), rows.min()) == (pytest.approx(x, abs=1.5), pytest.approx(y, abs=1.5))
    assert (columns.max() + 1, rows.max() + 1) == (
        pytest.approx(x + width, abs=1.5),
        pytest.approx(y + height, abs=1.5),
    )


@pytest.mark.parametrize("place", [(-300, -300), (1150, 850), (5000, 5000), (-20, 400)])
def test_a_box_may_reach_over_the_edge(place: tuple[int, int]) -> None:
    image = np.full((900, 1200, 3), 90, np.uint8)
    crop = FaceCrop.around((*place, 200, 200))
    assert (crop.cut(image) == 90).all()
    assert crop.paste(np.full((256, 256), 255, np.uint8), (900, 1200)).shape == (900, 1200)


def test_a_box_needs_an_area() -> None:
    with pytest.raises(ValueError, match="area"):
        FaceCrop.around((10, 10, 0, 5))
