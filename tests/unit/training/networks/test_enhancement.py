"""Noise goes, edges and the order of colours stay."""

import numpy as np
import pytest
import torch
from skimage.color import rgb2lab
from torch import Tensor

from training.networks import ColourEnhancement, Denoise, encoded, linear

pytestmark = pytest.mark.unit


def skin(noise: float) -> Tensor:
    """Two tones of skin beside each other, with noise."""
    generator = torch.Generator().manual_seed(0)
    left, right = torch.tensor([0.75, 0.55, 0.45]), torch.tensor([0.60, 0.42, 0.33])
    planes = torch.where(torch.arange(64) < 32, left[:, None, None], right[:, None, None]).expand(3, 64, 64)
    return (planes + noise * torch.randn((3, 64, 64), generator=generator)).clamp(0, 1)[None]


def test_noise_is_reduced_and_an_edge_kept() -> None:
    plain, smooth = skin(0.015), Denoise()(skin(0.015))
    flat = (..., slice(4, 60), slice(4, 26))
    assert float(smooth[flat].std(dim=(2, 3)).mean()) < 0.6 * float(plain[flat].std(dim=(2, 3)).mean())
    step = (smooth[..., 31] - smooth[..., 32]).mean((0, 2))
    assert float((step / torch.tensor([0.15, 0.13, 0.12])).min()) > 0.8


def test_contrast_of_lightness_is_brought_up() -> None:
    before, after = skin(0.0), ColourEnhancement()(skin(0.0))

    def lightness(planes: Tensor) -> float:
        lab = rgb2lab(planes[0].permute(1, 2, 0).numpy())
        return float(np.std(lab[..., 0]))

    assert lightness(before) < 7
    assert lightness(after) == pytest.approx(12.0, abs=0.3)


def test_a_cast_of_the_light_is_reduced() -> None:
    plain = skin(0.0)
    bluish = encoded((linear(plain) * torch.tensor([0.8, 1.0, 1.3])[:, None, None]).clamp(0, 1))
    enhance = ColourEnhancement()
    away = float((bluish - plain).abs().mean())
    assert float((enhance(bluish) - enhance(plain)).abs().mean()) < 0.9 * away


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_uniform_picture_stays_uniform_and_in_range(value: float) -> None:
    planes = ColourEnhancement()(Denoise()(torch.full((1, 3, 32, 32), value)))
    assert planes.isfinite().all()
    assert 0 <= float(planes.min()) <= float(planes.max()) <= 1
    assert float(planes.std()) < 1e-4


def test_encoding_and_back() -> None:
    values = torch.linspace(0, 1, 256)[None]
    torch.testing.assert_close(encoded(linear(values)), values, atol=1e-5, rtol=0)
