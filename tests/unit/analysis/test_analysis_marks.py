"""Marks are counted and sized as they were drawn."""

import math

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from server.analysis import Marks, SkinView, measure_marks, measure_texture, regions_on
from station.protocol import Box, Frame, FrameHeader, Light, Measure, Transfer

pytestmark = pytest.mark.unit

Mask = NDArray[np.uint8]


def dots(*places: tuple[int, int], radius: int = 10) -> Mask:
    mask = np.zeros((400, 400), np.uint8)
    for place in places:
        cv2.circle(mask, place, radius, 255, -1)
    return mask


def halves() -> dict[str, Mask]:
    whole = np.full((400, 400), 255, np.uint8)
    left = whole.copy()
    left[:, 200:] = 0
    return {"face": whole, "right_cheek": left}


def values(found: tuple[Measure, ...]) -> dict[tuple[str, str], float]:
    return {(each.region, each.name): each.value for each in found if each.value is not None}


def test_area_count_density_and_size_in_their_units() -> None:
    marks = Marks("spots", dots((50, 50), (100, 100), (300, 300)), 10.0)
    found = values(measure_marks(marks, halves(), "m/1"))
    area = np.count_nonzero(dots((50, 50)))
    assert found["face", "spots_count"] == 3
    assert found["right_cheek", "spots_count"] == 2
    assert found["face", "spots_area"] == pytest.approx(100 * 3 * area / 160_000)
    assert found["face", "spots_density"] == pytest.approx(3 / 16)
    assert found["right_cheek", "spots_density"] == pytest.approx(2 / 8)
    assert found["face", "spots_size"] == pytest.approx(area / 100)
    assert found["face", "spots_size"] == pytest.approx(math.pi, rel=0.03)


def test_specks_are_noise_and_without_a_scale_there_is_no_size() -> None:
    mask = dots((50, 50))
    mask[300, 300] = 255
    scaled = values(measure_marks(Marks("pores", mask, 10.0, smallest_mm2=0.05), halves(), "m/1"))
    assert scaled["face", "pores_count"] == 1
    unscaled = values(measure_marks(Marks("pores", mask, None), halves(), "m/1"))
    assert unscaled["face", "pores_count"] == 2
    assert {name for _, name in unscaled} == {"pores_area", "pores_count"}


def test_intensity_is_the_mean_of_the_marks_alone() -> None:
    mask = dots((50, 50), (300, 300))
    depth = np.where(mask > 0, np.float32(0.1), np.float32(9.0))
    depth[:, 200:][mask[:, 200:] > 0] = 0.3
    found = values(
        measure_marks(
            Marks("wrinkles", mask, 10.0, intensity=depth, intensity_name="depth", unit="mm"), halves(), "m/1"
        )
    )
    assert found["face", "wrinkles_depth"] == pytest.approx(0.2)
    assert found["right_cheek", "wrinkles_depth"] == pytest.approx(0.1)


def test_nothing_marked_is_an_area_of_nought() -> None:
    found = values(measure_marks(Marks("spots", dots(), 10.0), halves(), "m/1"))
    assert found["face", "spots_area"] == found["face", "spots_count"] == 0
    assert ("face", "spots_size") not in found


def test_regions_on_a_finer_grid_lose_their_rim() -> None:
    small = {"face": np.zeros((100, 100), np.uint8)}
    small["face"][20:80, 20:80] = 255
    large = regions_on(small, 400, 400, rim=20)["face"]
    assert np.count_nonzero(large) == pytest.approx(200**2, rel=0.05)


def grain(amplitude: float, period_mm: float, scale: float | None, light: Light) -> Frame:
    waves = np.sin(np.arange(400) * 2 * math.pi / (period_mm * 20))
    relief = 0.3 * (1 + amplitude * waves[None, :] * waves[:, None])
    codes = np.repeat(np.rint(relief * 4095).astype(np.uint16)[..., None], 3, axis=2)
    header = FrameHeader(
        frame_id=0,
        width=400,
        height=400,
        bit_depth=12,
        transfer=Transfer.LINEAR,
        white_level=4095,
        light=light,
        px_per_mm=scale,
    )
    return Frame(header, codes)


def view() -> SkinView:
    whole = np.full((400, 400), 255, np.uint8)
    return SkinView(Box(0, 0, 400, 400), 1.0, 400.0, {"face": whole, "forehead": whole}, whole)


def roughness(frame: Frame) -> float:
    (found,) = [each for each in measure_texture(frame, view()) if each.name == "texture_roughness"]
    assert found.value is not None
    return found.value


def test_texture_grows_with_relief_and_ignores_slow_shading() -> None:
    fine, finer = (roughness(grain(amount, 0.5, 20.0, Light.WHITE)) for amount in (0.05, 0.1))
    passed = math.exp(-2 * (math.pi * 0.05 * math.sqrt(2) / 0.5) ** 2)
    assert finer == pytest.approx(2 * fine, rel=0.05)
    assert fine == pytest.approx(100 * 0.05 * (2 / math.pi) ** 2 * passed, rel=0.1)
    assert roughness(grain(0.1, 18.0, 20.0, Light.WHITE)) < 0.1 * finer


@pytest.mark.parametrize(("scale", "words"), [(None, "not calibrated"), (6.0, "6.0 px/mm, needs 10")])
def test_texture_needs_scale(scale: float | None, words: str) -> None:
    (found,) = measure_texture(grain(0.1, 0.5, scale, Light.WHITE), view())
    assert found.value is None
    assert words in found.reason
