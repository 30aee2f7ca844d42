"""Encoder-decoder with skip connections: area and intensity of every item, pixel by pixel.

After O. Ronneberger et al., "U-Net", MICCAI 2015, with batch norm, and with enlargement followed by convolution in
place of transposed convolutions (A. Odena et al., "Deconvolution and checkerboard artifacts", Distill 2016).
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.blocks import conv_bn_relu, initialise, scaled

CHANNELS = (32, 64, 128, 256)
"""Channels of the encoder's stages at width 1."""


class Maps(NamedTuple):
    """What is said of every pixel."""

    area: Tensor
    """Logits [B,items,H,W]; labels may overlap."""
    intensity: Tensor
    """Not negative, [B,items,H,W], in the units of the truth."""


class EncoderDecoder(nn.Module):
    """Maps of `items` from `in_channels` planes [B,C,H,W]; H and W are multiples of 16."""

    def __init__(self, in_channels: int = 6, items: int = 4, width: float = 1.0) -> None:
        super().__init__()
        widths = [scaled(each, width) for each in CHANNELS]
        self.items = items
        self.encoder = nn.ModuleList(
            _pair(a, b) for a, b in zip([in_channels, *widths], widths, strict=False)
        )
        self.bottleneck = _pair(widths[-1], widths[-1])
        below = [widths[-1], *widths[:0:-1]]
        self.decoder = nn.ModuleList(_pair(a + b, b) for a, b in zip(below, reversed(widths), strict=True))
        self.head = nn.Conv2d(widths[0], 2 * items, 1)
        initialise(self)

    def forward(self, planes: Tensor) -> Maps:
        """See the class."""
        tensor, skips = planes, []
        for stage in self.encoder:
            tensor = stage(tensor)
            skips.append(tensor)
            tensor = functional.max_pool2d(tensor, 2)
        tensor = self.bottleneck(tensor)
        for stage, skip in zip(self.decoder, reversed(skips), strict=True):
            enlarged = functional.interpolate(tensor, scale_factor=2.0, mode="nearest")
            tensor = stage(torch.cat([enlarged, skip], 1))
        maps = self.head(tensor)
        return Maps(maps[:, : self.items], functional.softplus(maps[:, self.items :]))


def _pair(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(conv_bn_relu(inputs, outputs), conv_bn_relu(outputs, outputs))
