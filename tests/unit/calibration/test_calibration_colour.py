"""Colorimetry against published figures and an independent table."""

import cv2
import numpy as np
import pytest

from station.calibration import CLASSIC_LAB, delta_e_2000, lab_from_linear_srgb, linear_srgb_from_lab

pytestmark = pytest.mark.unit

SHARMA = [
    ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
    ((50.0, 3.1571, -77.2803), (50.0, 0.0, -82.7485), 2.8615),
    ((50.0, -1.3802, -84.2814), (50.0, 0.0, -82.7485), 1.0000),
    ((50.0, 0.0, 0.0), (50.0, -1.0, 2.0), 2.3669),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0009), 7.1792),
    ((50.0, 2.49, -0.001), (50.0, -2.49, 0.0011), 7.2195),
    ((50.0, -0.001, 2.49), (50.0, 0.0009, -2.49), 4.8045),
    ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]
"""Pairs of the supplementary test data of Sharma, Wu and Dalal (2005)."""


@pytest.mark.parametrize(("one", "other", "expected"), SHARMA)
def test_ciede2000_gives_the_published_values(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    for pair in ((one, other), (other, one)):
        assert float(delta_e_2000(*(np.array(lab) for lab in pair))) == pytest.approx(expected, abs=1e-4)


def test_linear_srgb_and_back() -> None:
    rgb = np.random.default_rng(1).uniform(0, 1, (50, 3))
    white = lab_from_linear_srgb(np.ones(3))
    assert white == pytest.approx([100, 0, 0], abs=0.02)
    lab_d50 = np.array(list(CLASSIC_LAB.values()))
    assert lab_from_linear_srgb(linear_srgb_from_lab(lab_d50)).shape == (24, 3)
    assert (delta_e_2000(lab_from_linear_srgb(rgb), lab_from_linear_srgb(rgb)) == 0).all()


def test_the_classic_chart_is_near_another_published_table() -> None:
    """OpenCV holds the same chart as made before November 2014, which differs by about one dE2000."""
    model = cv2.ccm.ColorCorrectionModel(np.full((24, 1, 3), 0.5), cv2.ccm.COLORCHECKER_MACBETH)
    model.setColorSpace(cv2.ccm.COLOR_SPACE_SRGB)
    model.compute()
    theirs = np.asarray(model.getRefLinearRGB(), np.float64).reshape(24, 3)
    ours = linear_srgb_from_lab(np.array(list(CLASSIC_LAB.values())))
    apart = delta_e_2000(lab_from_linear_srgb(ours), lab_from_linear_srgb(theirs))
    assert apart.mean() < 1.0
    assert apart.max() < 2.2
