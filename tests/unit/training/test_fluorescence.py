"""Porphyrins and UV spots drawn on a shaded ground are found, and nothing else is."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from training.graphs.fluorescence import PORPHYRIN_STEPS, SPOT_STEPS

pytestmark = pytest.mark.unit

MODEL = Path(__file__).resolve().parents[3] / "triton_models" / "fluorescence" / "1" / "model.onnx"
SIDE = 480
DOTS = ((150, 150, 2.0), (200, 330, 3.5), (330, 210, 5.0))
DISCS = ((240, 120, 20, 0.5), (330, 360, 40, 0.8))
Plane = NDArray[np.float64]
y, x = np.mgrid[:SIDE, :SIDE].astype(np.float64)


def encoded(light: Plane) -> NDArray[np.uint8]:
    light = np.clip(light, 0, 1)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light.clip(1e-9) ** (1 / 2.4) - 0.055)
    return np.round(255 * curve).astype(np.uint8)


def ground(noise: float = 0.0015) -> Plane:
    """Skin under ultraviolet light, brighter to the right."""
    shade = 0.6 + 0.4 * x / SIDE
    light = shade[..., None] * np.array([0.03, 0.10, 0.16])
    noisy: Plane = light + np.random.default_rng(0).normal(0, noise, light.shape)
    return noisy


def maps(light: Plane) -> tuple[Plane, Plane]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(MODEL, options, providers=["CPUExecutionProvider"])
    porphyrin, uv_spot = session.run(["porphyrin", "uv_spot"], {"image": encoded(light)[None]})
    return porphyrin[0] / PORPHYRIN_STEPS, uv_spot[0] / SPOT_STEPS


def test_porphyrins_stand_out() -> None:
    light = ground()
    far = np.ones((SIDE, SIDE), bool)
    for row, column, sigma in DOTS:
        away = (y - row) ** 2 + (x - column) ** 2
        light[..., 0] += 0.12 * np.exp(-away / (2 * sigma**2))
        far &= away > (4 * sigma) ** 2
    porphyrin, uv_spot = maps(light)
    assert all(porphyrin[row, column] > 0.4 for row, column, _ in DOTS)
    assert np.percentile(porphyrin[far], 99) < 0.01
    assert np.percentile(uv_spot[far], 99) < 0.1


def test_uv_spots_are_read_in_optical_density() -> None:
    light = ground()
    for row, column, radius, density in DISCS:
        light[(y - row) ** 2 + (x - column) ** 2 < radius**2] *= np.exp(-density)
    _, uv_spot = maps(light)
    for row, column, _, density in DISCS:
        assert 0.8 * density < uv_spot[row, column] < density


def test_brightness_changes_neither() -> None:
    light = ground(noise=0.0)
    light[(y - 240) ** 2 + (x - 240) ** 2 < 400] *= np.array([2.0, 0.7, 0.7])
    bright, dim = maps(2 * light), maps(light)
    for one, other in zip(bright, dim, strict=True):
        middle: Any = one[240, 240], other[240, 240]
        assert middle[0] == pytest.approx(middle[1], rel=0.15)


def test_plain_skin_has_neither() -> None:
    porphyrin, uv_spot = maps(ground(noise=0.0))
    assert porphyrin.max() < 0.02
    assert np.percentile(uv_spot, 99) < 0.1
