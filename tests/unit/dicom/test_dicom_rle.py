"""RLE codestreams: back bit for bit, also through pydicom, and never larger than promised."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some
from numpy.typing import NDArray
from pydicom.pixels.decoders.rle import _rle_decode_frame

from server.dicom import rle
from server.errors import BadImage

pytestmark = pytest.mark.unit

Picture = NDArray[np.uint8]


def by_pydicom(codestream: bytes, picture: Picture) -> Picture:
    rows, columns, samples = (*picture.shape, 1)[:3]
    decoded = _rle_decode_frame(codestream, rows, columns, samples, 8)
    return np.moveaxis(np.frombuffer(decoded, np.uint8).reshape(samples, rows, columns), 0, -1)


def pictures() -> dict[str, Picture]:
    noise = np.random.default_rng(1).integers(0, 256, (37, 301, 3), np.uint8)
    return {
        "noise": noise,
        "few values": noise[..., 0] // 100,
        "empty": np.zeros((300, 1000), np.uint8),
        "one pixel": np.full((1, 1), 7, np.uint8),
        "a column": noise[:, :1, 0],
        "runs of 127 to 130": np.repeat(np.arange(4, dtype=np.uint8), [127, 128, 129, 130])[None],
        "taller than a band": np.random.default_rng(2).integers(0, 3, (1100, 1030)).astype(np.uint8),
    }


@pytest.mark.parametrize("name", pictures())
def test_pictures_come_back_bit_for_bit(name: str) -> None:
    picture = pictures()[name]
    codestream = rle.encode(picture)
    assert len(codestream) % 2 == 0
    back = rle.decode(codestream, *picture.shape)
    assert np.array_equal(back, picture)
    assert np.array_equal(by_pydicom(codestream, picture).reshape(picture.shape), picture)


@settings(max_examples=200, deadline=None)
@given(
    some.arrays(np.uint8, some.array_shapes(min_dims=2, max_dims=2, max_side=140), elements=st.integers(0, 2))
)
def test_any_picture_comes_back(picture: Picture) -> None:
    assert np.array_equal(rle.decode(rle.encode(picture), *picture.shape), picture)


def test_a_row_begins_a_packet() -> None:
    (row,) = {rle.encode(np.full((n, 64), 9, np.uint8))[64:][-2:] for n in (1, 2, 5)}
    assert row == bytes([257 - 64, 9])


@pytest.mark.parametrize(
    ("codestream", "reason"),
    [
        (b"", "cut short"),
        (rle.encode(np.zeros((4, 4, 3), np.uint8)), "3 segments, not 1"),
        (rle.encode(np.zeros((4, 3), np.uint8)), "does not hold 16 bytes"),
        (rle.encode(np.zeros((4, 4), np.uint8))[:66], "does not hold"),
        (rle.encode(np.zeros((400, 400), np.uint8)), "does not hold"),
    ],
)
def test_what_is_another_picture_is_refused(codestream: bytes, reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        rle.decode(codestream, 4, 4)
