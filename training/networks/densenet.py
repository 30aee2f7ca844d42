"""DenseNet with a pooled linear head.

G. Huang et al., "Densely connected convolutional networks", CVPR 2017. Keys are torchvision's, so that ImageNet weights
of DenseNet121 fit at width 1 (see `initial`).
"""

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.blocks import initialise, pooled, scaled
from training.networks.cam import Classified

GROWTH = 32
"""Channels that each layer of DenseNet121 adds, at width 1."""

BLOCKS = (6, 12, 24, 16)
"""Layers of the dense blocks of DenseNet121."""


class _DenseLayer(nn.Module):
    def __init__(self, inputs: int, growth: int) -> None:
        super().__init__()
        self.norm1 = nn.BatchNorm2d(inputs)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(inputs, 4 * growth, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(4 * growth, growth, 3, 1, 1, bias=False)

    def forward(self, tensor: Tensor) -> Tensor:
        narrow = self.conv1(self.relu1(self.norm1(tensor)))
        new: Tensor = self.conv2(self.relu2(self.norm2(narrow)))
        return new


class _DenseBlock(nn.ModuleDict):
    def __init__(self, inputs: int, growth: int, layers: int) -> None:
        super().__init__(
            {f"denselayer{i + 1}": _DenseLayer(inputs + i * growth, growth) for i in range(layers)}
        )

    def forward(self, tensor: Tensor) -> Tensor:
        for layer in self.values():
            tensor = torch.cat([tensor, layer(tensor)], 1)
        return tensor


def _transition(inputs: int) -> nn.Sequential:
    """Half the channels, half the height and width."""
    return nn.Sequential(
        OrderedDict(
            norm=nn.BatchNorm2d(inputs),
            relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(inputs, inputs // 2, 1, bias=False),
            pool=nn.AvgPool2d(2),
        )
    )


def _stem(channels: int) -> dict[str, nn.Module]:
    return {
        "conv0": nn.Conv2d(3, channels, 7, 2, 3, bias=False),
        "norm0": nn.BatchNorm2d(channels),
        "relu0": nn.ReLU(inplace=True),
        "pool0": nn.MaxPool2d(3, 2, 1),
    }


class DenseNet(nn.Module):
    """Logits of `classes` from planes [B,3,H,W], with features at 1/32; `width` scales the growth."""

    def __init__(self, classes: int, width: float = 1.0, blocks: tuple[int, ...] = BLOCKS) -> None:
        super().__init__()
        growth = scaled(GROWTH, width)
        channels = 2 * growth
        layers = _stem(channels)
        for index, count in enumerate(blocks, start=1):
            layers[f"denseblock{index}"] = _DenseBlock(channels, growth, count)
            channels += count * growth
            if index < len(blocks):
                layers[f"transition{index}"] = _transition(channels)
                channels //= 2
        layers["norm5"] = nn.BatchNorm2d(channels)
        self.features = nn.Sequential(OrderedDict(layers))
        self.classifier = nn.Linear(channels, classes)
        initialise(self)

    def forward(self, planes: Tensor) -> Classified:
        """See `Classified`."""
        features = functional.relu(self.features(planes))
        return Classified(features, self.classifier(pooled(features)))
