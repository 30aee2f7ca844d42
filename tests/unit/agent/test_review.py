"""Pictures for the review: sizes, parts, and nothing left after the visit."""

import asyncio
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.agent.review import ReviewShelf
from station.kiosk import Excerpt
from station.protocol import Frame, FrameHeader, Light, Transfer
from station.quality import develop

pytestmark = pytest.mark.unit


def a_frame(brightness: int = 0, width: int = 640, height: int = 400) -> Frame:
    """12-bit linear: a ramp to the right in red and down in green."""
    x, y = np.meshgrid(np.linspace(200, 3800, width), np.linspace(200, 3800, height))
    pixels = np.stack([x, y, np.full_like(x, 300 + brightness)], 2).astype(np.uint16)
    header = FrameHeader(
        frame_id=1,
        width=width,
        height=height,
        light=Light.WHITE,
        bit_depth=12,
        transfer=Transfer.LINEAR,
        white_level=4095,
    )
    return Frame(header, np.ascontiguousarray(pixels))


def decoded(jpeg: bytes | None) -> NDArray[np.int_]:
    assert jpeg is not None
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture[:, :, ::-1], int)


@pytest.fixture
def shelf() -> Iterator[ReviewShelf]:
    shelf = ReviewShelf()
    shelf.open("1")
    yield shelf
    shelf.close()
    shelf.close()


async def test_the_whole_picture_at_every_width(shelf: ReviewShelf) -> None:
    frame = a_frame()
    await shelf.keep("1", 0, frame)
    truth = develop(frame)
    for width in (4096, 640, 500, 320, 200, 100, 64):
        picture = decoded(await shelf.picture(0, Excerpt(width=width)))
        wide = min(width, 640)
        assert picture.shape == (round(wide * 400 / 640), wide, 3)
        expected = cv2.resize(truth, (wide, picture.shape[0]), interpolation=cv2.INTER_AREA)
        assert np.abs(picture - expected).mean() < 2.5


@pytest.mark.parametrize(
    ("excerpt", "rows", "columns"),
    [
        (Excerpt(width=4096, x=0.25, y=0.5, size=0.25), slice(200, 300), slice(160, 320)),
        (Excerpt(width=4096, x=1, y=1, size=0.5), slice(200, 400), slice(320, 640)),
        (Excerpt(width=4096, x=0, y=0, size=1), slice(0, 400), slice(0, 640)),
    ],
)
async def test_a_part_comes_in_full_resolution(
    shelf: ReviewShelf, excerpt: Excerpt, rows: slice, columns: slice
) -> None:
    frame = a_frame()
    await shelf.keep("1", 3, frame)
    expected = develop(frame)[rows, columns].astype(int)
    picture = decoded(await shelf.picture(3, excerpt))
    assert picture.shape == expected.shape
    assert np.abs(picture - expected).mean() < 2.5


async def test_the_smallest_part_is_a_pixel(shelf: ReviewShelf) -> None:
    await shelf.keep("1", 0, a_frame())
    assert decoded(await shelf.picture(0, Excerpt(x=1, y=1, size=1e-6))).shape == (1, 1, 3)


async def test_the_newest_of_an_index_is_shown(shelf: ReviewShelf) -> None:
    await shelf.keep("1", 0, a_frame(brightness=0))
    await shelf.keep("1", 0, a_frame(brightness=3000))
    assert decoded(await shelf.picture(0, Excerpt()))[:, :, 2].mean() > 150
    assert await shelf.picture(1, Excerpt()) is None


async def test_nothing_is_left_after_the_visit(shelf: ReviewShelf) -> None:
    await shelf.keep("1", 0, a_frame())
    making = asyncio.create_task(shelf.keep("1", 1, a_frame(width=3000, height=2000)))
    await asyncio.sleep(0)
    shelf.forget()
    await making
    await shelf.keep("1", 2, a_frame())
    assert [await shelf.picture(index, Excerpt()) for index in range(3)] == [None] * 3
    shelf.open("2")
    await shelf.keep("1", 0, a_frame())
    assert await shelf.picture(0, Excerpt()) is None


async def test_a_still_that_cannot_be_shown_is_no_error(
    shelf: ReviewShelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Frame) -> None:
        raise MemoryError

    monkeypatch.setattr("station.agent.review._developed", fail)
    await shelf.keep("1", 0, a_frame())
    assert await shelf.picture(0, Excerpt()) is None
