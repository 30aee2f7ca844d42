"""The networks carry torchvision's keys and shapes, so that published weights fit at width 1."""

import pytest
import torch
from torch import nn

from training.networks import VGG16, BiSeNet, DenseNet, FineEncoder, ResNet18, SeverityNetwork

pytestmark = pytest.mark.unit

RESNET18 = {
    "conv1.weight": (64, 3, 7, 7),
    "bn1.weight": (64,),
    "bn1.running_mean": (64,),
    "bn1.num_batches_tracked": (),
    "layer1.0.conv1.weight": (64, 64, 3, 3),
    "layer1.1.bn2.bias": (64,),
    "layer2.0.conv1.weight": (128, 64, 3, 3),
    "layer2.0.downsample.0.weight": (128, 64, 1, 1),
    "layer2.0.downsample.1.running_var": (128,),
    "layer2.1.conv2.weight": (128, 128, 3, 3),
    "layer3.0.downsample.0.weight": (256, 128, 1, 1),
    "layer4.0.conv1.weight": (512, 256, 3, 3),
    "layer4.1.conv2.weight": (512, 512, 3, 3),
    "layer4.1.bn2.running_mean": (512,),
}
DENSENET121 = {
    "features.conv0.weight": (64, 3, 7, 7),
    "features.norm0.weight": (64,),
    "features.denseblock1.denselayer1.norm1.weight": (64,),
    "features.denseblock1.denselayer1.conv1.weight": (128, 64, 1, 1),
    "features.denseblock1.denselayer1.norm2.running_mean": (128,),
    "features.denseblock1.denselayer1.conv2.weight": (32, 128, 3, 3),
    "features.denseblock1.denselayer6.conv1.weight": (128, 224, 1, 1),
    "features.transition1.norm.weight": (256,),
    "features.transition1.conv.weight": (128, 256, 1, 1),
    "features.denseblock2.denselayer12.conv1.weight": (128, 480, 1, 1),
    "features.denseblock3.denselayer24.conv1.weight": (128, 992, 1, 1),
    "features.transition3.conv.weight": (512, 1024, 1, 1),
    "features.denseblock4.denselayer16.norm1.weight": (992,),
    "features.norm5.weight": (1024,),
    "classifier.weight": (2, 1024),
}
VGG = {
    "features.0.weight": (64, 3, 3, 3),
    "features.2.weight": (64, 64, 3, 3),
    "features.5.weight": (128, 64, 3, 3),
    "features.7.bias": (128,),
    "features.10.weight": (256, 128, 3, 3),
    "features.14.weight": (256, 256, 3, 3),
    "features.17.weight": (512, 256, 3, 3),
    "features.21.weight": (512, 512, 3, 3),
    "features.24.weight": (512, 512, 3, 3),
    "features.28.weight": (512, 512, 3, 3),
    "classifier.weight": (8, 512),
}
VGG_BN = {
    "features.0.weight": (64, 3, 3, 3),
    "features.1.running_mean": (64,),
    "features.7.weight": (128, 64, 3, 3),
    "features.14.weight": (256, 128, 3, 3),
    "features.24.weight": (512, 256, 3, 3),
    "features.40.weight": (512, 512, 3, 3),
    "features.41.bias": (512,),
}
CONTEXT = {f"context.resnet.{key}": shape for key, shape in RESNET18.items()}


def count(network: nn.Module) -> int:
    return sum(each.numel() for each in network.parameters())


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (ResNet18(), RESNET18),
        (DenseNet(2), DENSENET121),
        (VGG16(8, batch_norm=False), VGG),
        (VGG16(8), VGG_BN),
        (BiSeNet(12), CONTEXT),
    ],
    ids=["resnet18", "densenet121", "vgg16", "vgg16_bn", "bisenet"],
)
def test_keys_and_shapes(network: nn.Module, expected: dict[str, tuple[int, ...]]) -> None:
    state = network.state_dict()
    assert {key: tuple(state[key].shape) for key in expected} == expected


def test_sizes_of_the_papers() -> None:
    assert count(ResNet18()) == 11_689_512 - 513_000
    assert count(DenseNet(1000)) == 7_978_856
    assert sum(isinstance(each, nn.Conv2d) for each in VGG16(8).modules()) == 13
    assert sum(isinstance(each, nn.MaxPool2d) for each in VGG16(8).modules()) == 5
    convolutions = VGG16(8, batch_norm=False).features
    assert count(convolutions) == 14_714_688


@pytest.mark.parametrize("width", [0.25, 0.375, 0.5])
def test_width_scales_every_stage(width: float) -> None:
    assert ResNet18(width).stage_channels == tuple(int(width * each) for each in (64, 128, 256, 512))
    assert FineEncoder(width).channels == int(256 * width)


def test_what_training_alone_needs_is_apart() -> None:
    network = BiSeNet(12, 0.25, landmarks=8)
    picture = torch.rand(2, 3, 64, 96)
    assert len(network(picture).auxiliary) == 2
    said = network.eval()(picture)
    assert said.auxiliary == ()
    assert said.labels.parts.shape == (2, 12, 64, 96)
    assert said.labels.skin.shape == (2, 1, 64, 96)
    assert said.landmarks.shape == (2, 8, 8, 12)
    graded = SeverityNetwork(FineEncoder(0.125), 5, {"ita": 6, "light": 3})(picture)
    assert {name: tuple(each.shape) for name, each in graded.auxiliary.items()} == {
        "ita": (2, 6),
        "light": (2, 3),
    }
    assert graded.lesions.shape == (2, 1, 8, 12)
