"""The training-free maps see what they are for, and thresholds are the best of the candidates."""

import numpy as np
import pytest

from training.exam.filters import brightness, chromophores, optical_density, peaks, pits, valleys
from training.exam.thresholds import best_threshold
from training.graphs.chromophores import HAEMOGLOBIN, MELANIN

pytestmark = pytest.mark.unit


def painted(density: np.ndarray[tuple[int, int], np.dtype[np.float64]], pigment: tuple[float, ...]) -> object:
    linear = 0.6 * np.exp(-density[..., None] * np.array(pigment) / np.linalg.norm(pigment))
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.rint(255 * encoded).astype(np.uint8)


def spot() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    rows, columns = np.mgrid[:64, :64]
    return np.where((rows - 32) ** 2 + (columns - 32) ** 2 <= 25, 0.4, 0.0)


def test_white_has_no_density_and_black_is_held() -> None:
    assert optical_density(np.full((1, 1, 3), 255, np.uint8)) == pytest.approx(0, abs=1e-6)
    assert optical_density(np.zeros((1, 1, 3), np.uint8)) == pytest.approx(6.2146, abs=1e-3)


def test_each_pigment_raises_its_own_map() -> None:
    for pigment, own, other in ((MELANIN, 0, 1), (HAEMOGLOBIN, 1, 0)):
        maps = chromophores(painted(spot(), pigment))  # type: ignore[arg-type]
        assert maps[own][32, 32] - maps[own][5, 5] == pytest.approx(0.4, abs=0.03)
        assert abs(maps[other][32, 32] - maps[other][5, 5]) < 0.03


def test_a_dark_line_is_a_valley_and_a_dark_dot_a_pit() -> None:
    line, dot = np.full((64, 64, 3), 180, np.uint8), np.full((64, 64, 3), 180, np.uint8)
    line[31:34] = 120
    dot[30:35, 30:35] = 120
    assert valleys(brightness(line))[32, 32] > 5 * pits(brightness(line))[32, 32]
    assert pits(brightness(dot))[32, 32] > 5 * valleys(brightness(dot))[32, 32]


def test_peaks_are_the_local_maxima_greatest_first() -> None:
    plane = np.zeros((20, 20), np.float32)
    plane[5, 5], plane[5, 6], plane[15, 15] = 1.0, 0.5, 2.0
    assert peaks(plane, 5).tolist() == [2.0, 1.0]
    assert peaks(plane, 5, np.arange(20)[:, None] + np.zeros(20, int) < 10).tolist() == [1.0]


def test_the_best_threshold_is_found_and_its_absence_told() -> None:
    candidates = np.linspace(0, 1, 11)
    assert best_threshold(candidates, lambda each: -abs(each - 0.3)) == pytest.approx(0.3)
    with pytest.raises(ValueError, match="no threshold"):
        best_threshold(candidates, lambda each: float("nan"))
