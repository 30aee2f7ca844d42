"""Numbers as light and as a picture."""

import numpy as np
import pytest
from numpy.typing import NDArray

import phantom
from station.protocol import Frame, FrameHeader, Transfer
from station.quality import develop, encode_srgb, linear, luminance

pytestmark = pytest.mark.unit


def ramp(bit_depth: int, transfer: Transfer, black: int = 0, white: int | None = None) -> Frame:
    top = (1 << bit_depth) - 1
    codes = np.linspace(0, top, 64 * 64 * 3).round().reshape(64, 64, 3)
    header = FrameHeader(
        frame_id=0,
        width=64,
        height=64,
        bit_depth=bit_depth,
        transfer=transfer,
        black_level=black,
        white_level=white or top,
    )
    return Frame(header, codes.astype(np.uint8) if bit_depth == 8 else codes.astype(np.uint16))


def srgb_of(light: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("bit_depth", [8, 10, 12, 16])
def test_linear_frames_are_scaled_between_their_levels(bit_depth: int) -> None:
    frame = ramp(bit_depth, Transfer.LINEAR, black=16, white=(1 << bit_depth) - 10)
    expected = np.clip((frame.pixels.astype(float) - 16) / ((1 << bit_depth) - 26), 0, 1)
    np.testing.assert_allclose(linear(frame), expected, atol=1e-6)


def test_srgb_frames_become_light_and_come_back() -> None:
    frame = ramp(8, Transfer.SRGB)
    light = linear(frame)
    assert light.dtype == np.float32
    assert np.array_equal(encode_srgb(light), frame.pixels)


@pytest.mark.parametrize("bit_depth", [8, 12, 16])
def test_development_is_the_srgb_curve_rounded(bit_depth: int) -> None:
    frame = ramp(bit_depth, Transfer.LINEAR, black=3)
    light = np.clip((frame.pixels.astype(float) - 3) / ((1 << bit_depth) - 4), 0, 1)
    assert np.array_equal(develop(frame), np.rint(255 * srgb_of(light)).astype(np.uint8))


def test_development_equals_that_of_the_simulated_camera() -> None:
    frame = ramp(12, Transfer.LINEAR, black=64)
    assert isinstance(frame.pixels, np.ndarray)
    raw = frame.pixels.astype(np.uint16)
    assert np.array_equal(develop(frame), phantom.develop(raw, 64, 4095))


def test_a_developed_picture_is_not_touched() -> None:
    frame = ramp(8, Transfer.SRGB)
    assert develop(frame) is frame.pixels


def test_samples_over_the_bit_depth_are_white() -> None:
    header = FrameHeader(
        frame_id=0, width=8, height=8, bit_depth=10, transfer=Transfer.LINEAR, white_level=1023
    )
    frame = Frame(header, np.full((8, 8, 3), 5000, np.uint16))
    assert develop(frame).min() == 255


def test_luminance_weighs_the_channels() -> None:
    assert luminance(np.ones((2, 3, 3), np.float32)) == pytest.approx(1.0)
    assert luminance(np.array([[[0, 1, 0]]], np.float32))[0, 0] == pytest.approx(0.7152)
