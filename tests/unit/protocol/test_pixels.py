"""Pixels come back bit for bit, and a hostile still is refused before it takes memory."""

import numpy as np
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from station.protocol import (
    Encoding,
    FrameHeader,
    MalformedMessage,
    Pixels,
    decode_pixels,
    encode_pixels,
    max_encoded_bytes,
)
from tests.fixtures.stills import noise

pytestmark = pytest.mark.unit


def a_picture(width: int, height: int, bit_depth: int) -> tuple[FrameHeader, Pixels]:
    header = FrameHeader(frame_id=0, width=width, height=height, bit_depth=bit_depth)
    return header, noise(width, height, bit_depth)


@given(
    width=st.integers(1, 70),
    height=st.integers(1, 140),
    bit_depth=st.sampled_from([8, 10, 12, 16]),
    encoding=st.sampled_from(list(Encoding)),
)
@settings(max_examples=60, deadline=None)
def test_every_picture_survives(width: int, height: int, bit_depth: int, encoding: Encoding) -> None:
    header, pixels = a_picture(width, height, bit_depth)
    data = encode_pixels(pixels, encoding)
    assert len(data) <= max_encoded_bytes(header, encoding)
    frame = decode_pixels(data, header, encoding)
    assert np.array_equal(frame.pixels, pixels)
    assert frame.pixels.dtype == pixels.dtype


def test_smooth_pictures_shrink() -> None:
    ramp = np.add.outer(np.arange(200) // 4, np.arange(300) // 2).astype(np.uint8)
    data = encode_pixels(np.dstack([ramp] * 3), Encoding.DELTA_ZSTD)
    assert len(data) < ramp.size * 3 / 20


def test_a_slice_is_encoded_as_if_it_were_a_picture() -> None:
    pixels = noise(64, 64)
    data = encode_pixels(pixels[::2, ::2], Encoding.RAW)
    assert bytes(data) == pixels[::2, ::2].tobytes()


@pytest.mark.parametrize("encoding", list(Encoding))
@given(data=st.binary(max_size=400))
@settings(max_examples=40, deadline=None)
def test_garbage_is_malformed(encoding: Encoding, data: bytes) -> None:
    header, _ = a_picture(40, 30, 8)
    with pytest.raises(MalformedMessage):
        decode_pixels(data, header, encoding)


def test_a_bomb_is_refused_by_its_size() -> None:
    header, _ = a_picture(40, 30, 8)
    bomb = zstandard.compress(bytes(1 << 28))
    with pytest.raises(MalformedMessage, match="268435456 bytes"):
        decode_pixels(bomb, header, Encoding.DELTA_ZSTD)


def test_a_stream_without_its_size_is_refused() -> None:
    header, pixels = a_picture(40, 30, 8)
    compressor = zstandard.ZstdCompressor(write_content_size=False)
    with pytest.raises(MalformedMessage):
        decode_pixels(compressor.compress(pixels.tobytes()), header, Encoding.DELTA_ZSTD)


def test_a_cut_still_is_refused() -> None:
    header, pixels = a_picture(40, 30, 8)
    data = encode_pixels(pixels, Encoding.DELTA_ZSTD)
    with pytest.raises(MalformedMessage):
        decode_pixels(data[:-10], header, Encoding.DELTA_ZSTD)


def test_a_picture_beyond_every_camera_is_refused() -> None:
    header = FrameHeader(frame_id=0, width=20_000, height=20_000)
    with pytest.raises(MalformedMessage, match="over"):
        decode_pixels(b"", header, Encoding.DELTA_ZSTD)
