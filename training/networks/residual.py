"""Residual encoders and the severity network on top of them.

K. He et al., "Deep residual learning for image recognition", CVPR 2016. Keys of `ResNet18` are torchvision's, so that
ImageNet weights fit at width 1 (see `initial`).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from torch import Tensor, nn

from training.networks.blocks import conv_bn_relu, initialise, pooled, scaled

CHANNELS = (64, 128, 256, 512)
"""Channels of the four stages at width 1."""


class BasicBlock(nn.Module):
    """Two 3 x 3 convolutions and the shortcut."""

    def __init__(self, inputs: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = _shortcut(inputs, channels, stride)

    def forward(self, tensor: Tensor) -> Tensor:
        """[B,inputs,h,w] to [B,channels,h/stride,w/stride]."""
        inner = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(tensor)))))
        past = tensor if self.downsample is None else self.downsample(tensor)
        result: Tensor = self.relu(inner + past)
        return result


def _shortcut(inputs: int, outputs: int, stride: int) -> nn.Sequential | None:
    if inputs == outputs and stride == 1:
        return None
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))


class ResNet18(nn.Module):
    """Features [B,channels,h/32,w/32] of planes [B,3,h,w], without the final linear layer; 512 channels at width 1."""

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        a, b, c, d = self.stage_channels = tuple(scaled(each, width) for each in CHANNELS)
        self.conv1 = nn.Conv2d(3, a, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(a)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(a, a), BasicBlock(a, a))
        self.layer2 = nn.Sequential(BasicBlock(a, b, 2), BasicBlock(b, b))
        self.layer3 = nn.Sequential(BasicBlock(b, c, 2), BasicBlock(c, c))
        self.layer4 = nn.Sequential(BasicBlock(c, d, 2), BasicBlock(d, d))
        self.channels = d
        initialise(self)

    def stages(self, planes: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Features at 1/4, 1/8, 1/16 and 1/32 of height and width."""
        tensor = self.maxpool(self.relu(self.bn1(self.conv1(planes))))
        first = self.layer1(tensor)
        second = self.layer2(first)
        third = self.layer3(second)
        return first, second, third, self.layer4(third)

    def forward(self, planes: Tensor) -> Tensor:
        """See the class."""
        return self.stages(planes)[-1]


class FineEncoder(nn.Module):
    """Features [B,channels,h/8,w/8]: a residual encoder that stops early, for findings of a few pixels.

    At width 1 its stages have 64, 128 and 256 channels.
    """

    def __init__(self, width: float = 1.0) -> None:
        super().__init__()
        a, b, c = (scaled(each, width) for each in CHANNELS[:3])
        self.channels = c
        self.stem = conv_bn_relu(3, a, stride=2)
        self.layer1 = BasicBlock(a, a)
        self.layer2 = nn.Sequential(BasicBlock(a, b, 2), BasicBlock(b, b))
        self.layer3 = nn.Sequential(BasicBlock(b, c, 2), BasicBlock(c, c), BasicBlock(c, c))
        initialise(self)

    def forward(self, planes: Tensor) -> Tensor:
        """See the class."""
        tensor: Tensor = self.layer3(self.layer2(self.layer1(self.stem(planes))))
        return tensor


class Graded(NamedTuple):
    """What the severity network says of a batch of faces."""

    features: Tensor
    """[B,K,h,w], before pooling."""
    estimate: Tensor
    """Severity of the regressor, [B,1]."""
    logits: Tensor
    """Of the classifier, [B,grades]."""
    auxiliary: dict[str, Tensor]
    """Logits of each auxiliary task, [B,n]; for training only."""
    lesions: Tensor
    """Logits of lesions, [B,1,h,w]; for training only."""


class SeverityNetwork(nn.Module):
    """An encoder, global pooling, and on it regressor, classifier and auxiliary tasks, all linear.

    `auxiliary` names the tasks and their sizes; which ones there are depends on the labels of the data. `lesions` is
    a dense head on the features that tells where lesions are. Neither belongs to the served model.
    """

    def __init__(
        self,
        encoder: ResNet18 | FineEncoder,
        grades: int = 5,
        auxiliary: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        channels = encoder.channels
        self.encoder = encoder
        self.regressor = nn.Linear(channels, 1)
        self.classifier = nn.Linear(channels, grades)
        self.auxiliary = nn.ModuleDict({name: nn.Linear(channels, size) for name, size in auxiliary.items()})
        self.lesions = nn.Conv2d(channels, 1, 1)

    def forward(self, planes: Tensor) -> Graded:
        """See `Graded`."""
        features = self.encoder(planes)
        vector = pooled(features)
        auxiliary = {name: head(vector) for name, head in self.auxiliary.items()}
        return Graded(
            features, self.regressor(vector), self.classifier(vector), auxiliary, self.lesions(features)
        )
