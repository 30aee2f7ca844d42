"""The camera model's linearity, noise and development."""

import numpy as np
import pytest

from phantom import CameraModel, develop
from phantom.fields import Field

pytestmark = pytest.mark.unit


def _flat(level: float) -> Field:
    return np.full((200, 300, 3), level, np.float32)


def test_raw_is_linear_in_exposure_above_the_black_level() -> None:
    quiet = CameraModel(read_noise=0.0, shot_noise=0.0)
    for stops in (-2.0, -1.0, 0.0):
        camera = CameraModel(exposure=stops, read_noise=0.0, shot_noise=0.0)
        signal = camera.expose(_flat(0.5), 1).raw.mean() - camera.black_level
        full = quiet.white_level - quiet.black_level
        assert signal == pytest.approx(0.5 * 2**stops * full, abs=1.0)


def test_noise_follows_photons_and_electronics() -> None:
    camera = CameraModel(psf_sigma_px=0.0, read_noise=6.0, shot_noise=8000.0)
    full = camera.white_level - camera.black_level
    for level in (0.02, 0.2, 0.6):
        measured = camera.expose(_flat(level), 3).raw.std() / full
        assert measured == pytest.approx(np.sqrt((6 / 8000) ** 2 + level / 8000 + 1 / 12 / full**2), rel=0.05)


def test_darkness_sits_at_the_black_level_and_develops_to_black() -> None:
    picture = CameraModel(black_level=100).expose(_flat(0.0), 5)
    assert picture.raw.mean() == pytest.approx(100, abs=0.5)
    assert picture.srgb.mean() < 2


def test_overexposure_clips_at_white() -> None:
    picture = CameraModel(exposure=3).expose(_flat(0.5), 5)
    assert (picture.raw == 4095).mean() > 0.49
    assert picture.raw.max() == 4095


def test_white_balance_gains_tint() -> None:
    picture = CameraModel(white_balance=(1.2, 1.0, 0.8)).expose(_flat(0.3), 5)
    red, green, blue = picture.raw.reshape(-1, 3).mean(0) - 64
    assert red / green == pytest.approx(1.2, rel=0.01)
    assert blue / green == pytest.approx(0.8, rel=0.01)


def test_the_same_seed_gives_the_same_picture_and_another_does_not() -> None:
    camera, scene = CameraModel(), _flat(0.4)
    assert np.array_equal(camera.expose(scene, 1).raw, camera.expose(scene, 1).raw)
    assert not np.array_equal(camera.expose(scene, 1).raw, camera.expose(scene, 2).raw)


def test_development_is_the_srgb_curve() -> None:
    raw = np.array([64, 64 + 4031 // 5, 4095], np.uint16)
    assert develop(raw, 64, 4095).tolist() == [0, 124, 255]
    with pytest.raises(ValueError, match="black level"):
        develop(raw, 4095, 64)
