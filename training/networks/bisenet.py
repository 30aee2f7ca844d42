"""BiSeNet: segmentation by a spatial and a context path.

C. Yu et al., "BiSeNet: bilateral segmentation network for real-time semantic segmentation", ECCV 2018. Spatial path of
three convolutions of stride 2; context path ResNet18 with attention refinement at 1/16 and 1/32 and a global tail;
feature fusion; two auxiliary heads on the context path.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.blocks import conv_bn_relu, initialise, scaled
from training.networks.residual import ResNet18


class Labels(NamedTuple):
    """Labels of every pixel of the picture."""

    parts: Tensor
    """Logits [B,parts,H,W]; one part per pixel."""
    skin: Tensor
    """Logit of skin against the rest, [B,1,H,W]."""


class Segmentation(NamedTuple):
    """What the network says of a batch of pictures."""

    labels: Labels
    auxiliary: tuple[Labels, ...]
    """The same from 1/16 and 1/32 alone at a quarter of the size, while training; empty in evaluation mode."""
    landmarks: Tensor | None
    """Maps of `landmarks` channels, [B,landmarks,H/8,W/8]."""


class _AttentionRefinement(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = conv_bn_relu(inputs, outputs)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(outputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.Sigmoid(),
        )

    def forward(self, tensor: Tensor) -> Tensor:
        tensor = self.conv(tensor)
        refined: Tensor = tensor * self.gate(tensor)
        return refined


class _ContextPath(nn.Module):
    """Features of 1/8 and 1/16 of the picture's size, from 1/16 and 1/32 of it, and ResNet's own of 1/4."""

    def __init__(self, outputs: int, width: float) -> None:
        super().__init__()
        self.resnet = ResNet18(width)
        *_, sixteenth, smallest = self.resnet.stage_channels
        self.tail = nn.Sequential(nn.AdaptiveAvgPool2d(1), conv_bn_relu(smallest, outputs, 1))
        self.refine16 = _AttentionRefinement(sixteenth, outputs)
        self.refine32 = _AttentionRefinement(smallest, outputs)
        self.smooth16 = conv_bn_relu(outputs, outputs)
        self.smooth32 = conv_bn_relu(outputs, outputs)

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        quarter, _, sixteenth, smallest = self.resnet.stages(planes)
        context32 = self.smooth32(_twice(self.refine32(smallest) + self.tail(smallest)))
        context16 = self.smooth16(_twice(self.refine16(sixteenth) + context32))
        return context16, context32, quarter


def _twice(tensor: Tensor) -> Tensor:
    return functional.interpolate(tensor, scale_factor=2.0, mode="nearest")


class _FeatureFusion(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = conv_bn_relu(inputs, outputs, 1)
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(outputs, outputs // 4, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs // 4, outputs, 1),
            nn.Sigmoid(),
        )

    def forward(self, spatial: Tensor, context: Tensor) -> Tensor:
        tensor = self.conv(torch.cat([spatial, context], 1))
        fused: Tensor = tensor + tensor * self.gate(tensor)
        return fused


class _LabelHead(nn.Module):
    """Labels enlarged by `scale`."""

    def __init__(self, inputs: int, middle: int, parts: int, scale: int) -> None:
        super().__init__()
        self.parts = parts
        self.scale = float(scale)
        self.layers = nn.Sequential(conv_bn_relu(inputs, middle), nn.Conv2d(middle, parts + 1, 1))

    def forward(self, features: Tensor) -> Labels:
        logits = self.layers(features)
        logits = functional.interpolate(logits, scale_factor=self.scale, mode="bilinear")
        return Labels(logits[:, : self.parts], logits[:, self.parts :])


class _FineHead(nn.Module):
    """Labels from half the picture's size: the fused features joined by those that both paths had on their way.

    The paper enlarges by 8 at once, which loses brows, eyes and the rims of glasses.
    """

    def __init__(self, inputs: int, first: int, deep: int, fine: int, parts: int) -> None:
        super().__init__()
        self.parts = parts
        self.at_eighth = conv_bn_relu(inputs, first)
        self.at_quarter = conv_bn_relu(2 * first, first)
        self.deep_quarter = nn.Conv2d(deep, first, 1, bias=False)
        self.at_half = conv_bn_relu(2 * first, fine)
        self.last = nn.Conv2d(fine, parts + 1, 3, padding=1)

    def forward(self, features: Tensor, deep: Tensor, quarter: Tensor, half: Tensor) -> Labels:
        quarter = quarter + self.deep_quarter(deep)
        tensor = self.at_quarter(torch.cat([_enlarged(self.at_eighth(features)), quarter], 1))
        tensor = self.at_half(torch.cat([_enlarged(tensor), half], 1))
        logits = _enlarged(self.last(tensor))
        return Labels(logits[:, : self.parts], logits[:, self.parts :])


class _PlaceHead(nn.Module):
    """Maps of `points` channels from the fused features, and from the spatial path's of twice their size.

    An eighth of the picture tells which cell a point is in, the finer ones where in the cell.
    """

    def __init__(self, inputs: int, first: int, middle: int, points: int) -> None:
        super().__init__()
        self.near = conv_bn_relu(first, middle, 3, 2)
        self.layers = nn.Sequential(
            conv_bn_relu(inputs + middle, inputs), conv_bn_relu(inputs, middle), nn.Conv2d(middle, points, 1)
        )

    def forward(self, features: Tensor, quarter: Tensor) -> Tensor:
        maps: Tensor = self.layers(torch.cat([features, self.near(quarter)], 1))
        return maps


def _enlarged(tensor: Tensor) -> Tensor:
    return functional.interpolate(tensor, scale_factor=2.0, mode="bilinear")


class BiSeNet(nn.Module):
    """`parts` classes and skin of planes [B,3,H,W]; H and W are multiples of 32.

    With `fine` channels the labels come from half the picture's size instead of the paper's eighth.

    While training a batch has at least two pictures, because the gates normalise over the batch alone.
    """

    def __init__(self, parts: int, width: float = 1.0, landmarks: int = 0, fine: int = 0) -> None:
        super().__init__()
        first, middle, fused = (scaled(each, width) for each in (64, 128, 256))
        self.spatial = nn.Sequential(
            conv_bn_relu(3, first, 7, 2), conv_bn_relu(first, first, 3, 2), conv_bn_relu(first, middle, 3, 2)
        )
        self.context = _ContextPath(middle, width)
        self.fusion = _FeatureFusion(2 * middle, fused)
        self.head = (
            _FineHead(fused, first, self.context.resnet.stage_channels[0], fine, parts)
            if fine
            else _LabelHead(fused, first, parts, 8)
        )
        self.auxiliary16 = _LabelHead(middle, first, parts, 2)
        self.auxiliary32 = _LabelHead(middle, first, parts, 4)
        self.landmarks = _PlaceHead(fused, first, middle, landmarks) if landmarks else None
        initialise(self)
        if isinstance(self.head, _FineHead):
            nn.init.zeros_(self.head.deep_quarter.weight)

    def forward(self, planes: Tensor) -> Segmentation:
        """See `Segmentation`."""
        context16, context32, deep = self.context(planes)
        half = self.spatial[0](planes)
        quarter = self.spatial[1](half)
        fused = self.fusion(self.spatial[2](quarter), context16)
        auxiliary: tuple[Labels, ...] = ()
        if self.training:
            auxiliary = (self.auxiliary16(context16), self.auxiliary32(context32))
        places = None if self.landmarks is None else self.landmarks(fused, quarter)
        labels = (
            self.head(fused, deep, quarter, half) if isinstance(self.head, _FineHead) else self.head(fused)
        )
        return Segmentation(labels, auxiliary, places)
