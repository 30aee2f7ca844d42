"""Noise taken out and colours brought out, for classifiers only: enhanced pixels never feed a measure of colour.

Noise goes by a guided filter (K. He et al., ECCV 2010) that each channel steers itself: it smooths where the variance
is that of noise and leaves edges. Colours: the cast of the light is reduced by gains towards grey (G. Buchsbaum, 1980),
held back because skin is not grey on average; then the lightness L* of CIELAB is stretched to a common contrast at
equal chromaticity. All of it is fixed arithmetic, for 0..1 sRGB planes.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.pictures import encoded, linear

LUMINANCE = (0.2126, 0.7152, 0.0722)
"""Of linear sRGB (IEC 61966-2-1)."""
RADIUS = 2
"""Of the filter's window, px."""
TOWARDS_GREY = 0.3
"""Part of the way to grey that the cast of the light is taken back."""
CONTRAST, MOST_STRETCHED = 12.0, 2.0
"""Standard deviation of L* that is wanted, and how far it is stretched for it."""


class Denoise(nn.Module):
    """Guided filter of planes [B,C,H,W]; `noise` is the standard deviation that counts as noise, in 0..1."""

    def __init__(self, noise: float = 0.015) -> None:
        super().__init__()
        self.floor = noise * noise

    def forward(self, planes: Tensor) -> Tensor:
        """The same planes with less noise."""
        mean = self._mean(planes)
        variance = (self._mean(planes * planes) - mean * mean).clamp_min(0.0)
        kept = variance / (variance + self.floor)
        return self._mean(kept) * planes + self._mean((1.0 - kept) * mean)

    def _mean(self, planes: Tensor) -> Tensor:
        return functional.avg_pool2d(planes, 2 * RADIUS + 1, 1, RADIUS, count_include_pad=False)


class ColourEnhancement(nn.Module):
    """Planes [B,3,H,W] with the light's cast reduced and the contrast of L* brought to `CONTRAST`.

    Lightness is stretched at most `MOST_STRETCHED` times and never squeezed.
    """

    def forward(self, planes: Tensor) -> Tensor:
        """See the class."""
        light = self._balanced(linear(planes))
        luminance = _luminance(light)
        lightness = _lightness(luminance)
        mean = lightness.mean((2, 3), keepdim=True)
        deviation = ((lightness - mean) ** 2).mean((2, 3), keepdim=True).sqrt()
        gain = (CONTRAST / deviation.clamp_min(1e-3)).clamp(1.0, MOST_STRETCHED)
        wanted = _luminance_of((mean + gain * (lightness - mean)).clamp(0.0, 100.0))
        return encoded((light * wanted / luminance.clamp_min(1e-4)).clamp(0.0, 1.0))

    def _balanced(self, light: Tensor) -> Tensor:
        mean = light.mean((2, 3), keepdim=True).clamp_min(1e-3)
        grey = mean.mean(1, keepdim=True)
        return light * torch.exp(TOWARDS_GREY * torch.log(grey / mean))


def _luminance(light: Tensor) -> Tensor:
    return (light * light.new_tensor(LUMINANCE)[:, None, None]).sum(1, keepdim=True)


def _lightness(luminance: Tensor) -> Tensor:
    """CIE 1976 L*, 0 to 100."""
    root = luminance.clamp_min(216 / 24389) ** (1 / 3)
    return torch.where(luminance <= 216 / 24389, luminance * (24389 / 27), 116 * root - 16)


def _luminance_of(lightness: Tensor) -> Tensor:
    return torch.where(lightness <= 8.0, lightness * (27 / 24389), ((lightness + 16) / 116) ** 3)
