"""Point spread, noise and coding of a swatch's pictures."""

import numpy as np
import pytest

from phantom.fields import f32
from phantom.swatch.sensor import NOMINAL, Sensor

pytestmark = pytest.mark.unit


def _sensor(
    *,
    shot: float = 1e-4,
    grain: float = 0.0,
    mosaic: bool = False,
    jpeg: int | None = None,
    near: int | None = None,
) -> Sensor:
    one = f32(np.pad(np.ones((1, 1)), 2))
    return Sensor(
        one, 0.0, f32([1.0, 1.0, 1.0]) * np.float32(NOMINAL), f32(np.ones((96, 96))), shot, grain, mosaic,
        (0.0, 0.0), jpeg, near,
    )  # fmt: skip


def _ramp() -> np.ndarray:
    t = np.linspace(0.05, 0.6, 96)
    return f32(np.dstack([np.add.outer(t, t) / 2] * 3))


@pytest.mark.parametrize("grain", [0.0, 0.6])
def test_the_noise_is_what_the_deviation_says(grain: float) -> None:
    camera, level = _sensor(shot=4e-4, grain=grain), f32(np.full((96, 96, 3), 0.3))
    srgb = camera.expose(level, np.random.default_rng(1)).astype(float) / 255
    linear = ((srgb + 0.055) / 1.055) ** 2.4
    assert linear.std() == pytest.approx(float(camera.deviation(level)[0, 0, 0]), rel=0.15)
    assert linear.mean() == pytest.approx(0.3, abs=0.004)


def test_a_mosaic_keeps_smooth_light() -> None:
    plain, through = (
        _sensor(shot=1e-9, mosaic=m).expose(_ramp(), np.random.default_rng(1)) for m in (False, True)
    )
    inner = (slice(2, -2), slice(2, -2))
    assert np.abs(plain[inner].astype(int) - through[inner]).max() <= 2


@pytest.mark.parametrize("near", [0, 2])
def test_jpeg_ls_errs_no_more_than_it_may(near: int) -> None:
    plain, coded = (_sensor(near=n).expose(_ramp(), np.random.default_rng(1)) for n in (None, near))
    assert np.abs(plain.astype(int) - coded).max() <= near
    assert np.array_equal(plain, coded) == (near == 0)


def test_jpeg_stays_near() -> None:
    plain, coded = (_sensor(jpeg=q).expose(_ramp(), np.random.default_rng(1)) for q in (None, 95))
    assert 0 < np.abs(plain.astype(int) - coded).mean() < 2


def test_a_shift_moves_every_picture_but_the_first() -> None:
    camera = _sensor()
    moved = Sensor(camera.kernel, 0.0, camera.gains, camera.falloff, 1e-4, 0.0, False, (2.0, 0.0), None, None)
    still, other = (moved.optics(_ramp(), later) for later in (False, True))
    assert np.allclose(still[:, 8:-8], np.roll(other, 2, 1)[:, 8:-8], atol=1e-5) or np.allclose(
        still[:, 8:-8], np.roll(other, -2, 1)[:, 8:-8], atol=1e-5
    )
