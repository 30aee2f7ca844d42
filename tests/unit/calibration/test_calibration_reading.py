"""A chart sheet read from pictures whose truth is known."""

import numpy as np
import pytest

from station.calibration import ChartUnreadable, NotFitted, find_sheet, fit_matrix, read_chart
from station.calibration.edge import best_focus
from station.protocol import Light
from station.quality import flat_field, linear
from tests.fixtures.chart_pictures import CLASSIC, HEIGHT, SCALE, WIDTH, mixing, photograph, scene

pytestmark = pytest.mark.unit

CAMERA_RGB = np.array([[0.56, 0.16, 0.08], [0.15, 0.70, 0.15], [0.03, 0.15, 0.42]])
"""A camera that sees sRGB through broad filters, before white balance."""


@pytest.mark.parametrize("tilt", [0.0, 2.0, 6.0])
def test_scale_and_tilt_are_those_of_the_scene(tilt: float) -> None:
    reading = read_chart(photograph(scene(tilt_deg=tilt)), CLASSIC)
    # The area of a square mm shrinks by the cosine of the tilt.
    assert reading.px_per_mm == pytest.approx(SCALE * np.sqrt(np.cos(np.radians(tilt))), rel=1e-3)
    assert reading.tilt_deg == pytest.approx(tilt, abs=0.4)
    assert reading.residual_px < 0.3


def test_the_matrix_of_a_known_camera_is_found() -> None:
    frame = photograph(scene(), optics=mixing(CAMERA_RGB))
    found = fit_matrix(read_chart(frame, CLASSIC), CLASSIC)
    white = CAMERA_RGB.sum(1)
    assert found.white == pytest.approx(0.8 * white, rel=0.01)
    assert found.matrix == pytest.approx(np.linalg.inv(CAMERA_RGB / white[:, None]), abs=0.03)
    assert found.matrix.sum(1) == pytest.approx([1, 1, 1])
    assert found.mean < 0.3
    assert found.maximum < 1.0
    assert found.skin is not None
    assert found.skin < 0.3
    assert np.mean(list(found.fitted.values())) <= found.mean


def test_without_the_matrix_colours_would_be_far_off() -> None:
    reading = read_chart(photograph(scene(), optics=mixing(CAMERA_RGB)), CLASSIC)
    white = CAMERA_RGB.sum(1) * 0.8
    skin = reading.patches["light skin"].rgb / white
    truth = next(patch.rgb for patch in CLASSIC.patches if patch.name == "light skin")
    assert np.abs(skin - truth).max() > 0.03


def test_clipped_patches_are_left_out_and_named() -> None:
    found = fit_matrix(read_chart(photograph(scene(), level=1.3), CLASSIC), CLASSIC)
    assert "white 9.5" in found.refused
    assert "white 9.5" not in found.left_out
    assert found.mean < 1.5
    with pytest.raises(NotFitted, match="expose less"):
        fit_matrix(
            read_chart(photograph(scene(), level=30.0), CLASSIC, plane=find_sheet(photograph(scene()))[0]),
            CLASSIC,
        )


def test_a_flat_field_takes_out_uneven_light() -> None:
    falloff = np.linspace(1.0, 0.6, WIDTH, dtype=np.float32)[None, :, None]
    uneven = photograph(scene() * falloff)
    card = photograph(np.ones((HEIGHT, WIDTH, 3), np.float32) * falloff)
    flat = flat_field(linear(card))
    raw = fit_matrix(read_chart(uneven, CLASSIC), CLASSIC)
    evened = fit_matrix(read_chart(uneven, CLASSIC, flat=flat), CLASSIC)
    assert evened.mean < 0.6 < raw.mean


def test_dust_does_not_move_a_patch() -> None:
    light = scene()
    at = next(patch for patch in CLASSIC.patches if patch.name == "dark skin").at
    clean = read_chart(photograph(light), CLASSIC).patches["dark skin"]
    x = round(WIDTH / 2 + (at.x + at.width / 2 - 105) * SCALE)
    y = round(HEIGHT / 2 + (at.y + at.height / 2 - 148.5) * SCALE)
    light[y - 2 : y + 3, x - 2 : x + 3] = 0.9
    dusty = read_chart(photograph(light), CLASSIC).patches["dark skin"]
    assert dusty.rgb == pytest.approx(clean.rgb, rel=0.01)
    assert dusty.spread > 2 * clean.spread


def test_missing_markers_are_named() -> None:
    light = scene()
    light[: HEIGHT // 3, : WIDTH // 2] = 0.05
    with pytest.raises(ChartUnreadable, match="markers 0 of 4"):
        read_chart(photograph(light), CLASSIC)
    with pytest.raises(ChartUnreadable, match="0, 1, 2, 3"):
        read_chart(photograph(np.full((HEIGHT, WIDTH, 3), 0.1, np.float32)), CLASSIC)


def test_the_tab_tells_the_white() -> None:
    reading = read_chart(photograph(scene(), light=Light.CROSS_POLARISED), CLASSIC)
    assert reading.tab == pytest.approx([0.8, 0.8, 0.8], rel=0.01)


def test_sharpness_is_that_of_the_optics() -> None:
    """MTF50 of a Gaussian of sigma px is sqrt(ln 2 / 2) / (pi sigma), less what drawing in pixels takes."""
    told = [read_chart(photograph(scene(), blur=sigma), CLASSIC).mtf50 for sigma in (1.0, 1.5, 2.0)]
    assert told == pytest.approx([0.1874 / sigma for sigma in (1.0, 1.5, 2.0)], rel=0.12)


def test_the_top_of_a_focus_series() -> None:
    series = [(float(x), 0.3 - 0.02 * (x - 3.4) ** 2) for x in range(7)]
    top = best_focus(series)
    assert (top.position, top.mtf50) == pytest.approx((3.4, 0.3))
    with pytest.raises(ValueError, match="carry on"):
        best_focus(series[:3])
    with pytest.raises(ValueError, match="three at least"):
        best_focus(series[:2])
