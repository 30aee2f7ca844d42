"""VGG16 with a pooled linear head in place of its three fully connected layers.

K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR 2015:
13 convolutions and 5 poolings. The pooled head makes the class activation map exact (see `cam`) and drops 120 million
weights. Keys of the convolutions are torchvision's: `vgg16`, or `vgg16_bn` with batch norm.
"""

from torch import Tensor, nn

from training.networks.blocks import initialise, pooled, scaled
from training.networks.cam import Classified

STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
"""Channels of the convolutions at width 1; each stage ends in a pooling."""


def _layers(width: float, batch_norm: bool) -> list[nn.Module]:
    layers: list[nn.Module] = []
    inputs = 3
    for stage in STAGES:
        for channels in (scaled(each, width) for each in stage):
            layers.append(nn.Conv2d(inputs, channels, 3, padding=1))
            layers.extend([nn.BatchNorm2d(channels)] if batch_norm else [])
            layers.append(nn.ReLU(inplace=True))
            inputs = channels
        layers.append(nn.MaxPool2d(2))
    return layers


class VGG16(nn.Module):
    """Logits of `classes` from planes [B,3,H,W], with features after the fifth pooling, at 1/32."""

    def __init__(self, classes: int, width: float = 1.0, batch_norm: bool = True) -> None:
        super().__init__()
        self.features = nn.Sequential(*_layers(width, batch_norm))
        self.classifier = nn.Linear(scaled(STAGES[-1][-1], width), classes)
        initialise(self)

    def forward(self, planes: Tensor) -> Classified:
        """See `Classified`."""
        features = self.features(planes)
        return Classified(features, self.classifier(pooled(features)))
