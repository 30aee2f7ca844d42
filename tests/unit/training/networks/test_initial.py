"""Weights from elsewhere are taken by key and shape, and the report says which."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks import (
    VGG16,
    BadWeights,
    BiSeNet,
    DenseNet,
    EncoderDecoder,
    ResNet18,
    SeverityNetwork,
    load_initial,
)

pytestmark = pytest.mark.unit


def saved(state: dict[str, Tensor], folder: Path) -> Path:
    path = folder / "weights.pth"
    torch.save(state, path)
    return path


def imagenet_resnet18(seed: int) -> dict[str, Tensor]:
    """A state dict as torchvision's, of random numbers: the encoder and a layer of 1000 classes."""
    generator = torch.Generator().manual_seed(seed)
    state = {
        key: torch.rand(value.shape, generator=generator) if value.is_floating_point() else value
        for key, value in ResNet18().state_dict().items()
    }
    return state | {"fc.weight": torch.rand(1000, 512), "fc.bias": torch.rand(1000)}


def test_the_context_path_takes_a_resnet(tmp_path: Path) -> None:
    state = imagenet_resnet18(0)
    network = BiSeNet(12)
    report = load_initial(network, saved(state, tmp_path))
    assert torch.equal(
        network.state_dict()["context.resnet.layer4.1.conv2.weight"], state["layer4.1.conv2.weight"]
    )
    assert len(report.taken) == len(state) - 2
    assert report.unknown == ("context.resnet.fc.weight", "context.resnet.fc.bias")
    assert report.reshaped == ()
    assert any(key.startswith("spatial.") for key in report.missing)
    assert str(report).startswith(f"{len(report.taken)} tensors taken")


def test_the_encoder_of_the_severity_network_takes_it_too(tmp_path: Path) -> None:
    state = imagenet_resnet18(1)
    network = SeverityNetwork(ResNet18())
    load_initial(network, saved({"state_dict": state}, tmp_path))  # type: ignore[dict-item]
    assert torch.equal(network.state_dict()["encoder.conv1.weight"], state["conv1.weight"])


def test_another_number_of_classes_is_left_out(tmp_path: Path) -> None:
    source = DenseNet(1000, 0.25, (2, 2, 2, 2)).state_dict()
    old = {key.replace("norm1.", "norm.1.").replace("conv2.", "conv.2."): v for key, v in source.items()}
    network = DenseNet(2, 0.25, (2, 2, 2, 2))
    report = load_initial(network, saved(old, tmp_path))
    assert report.reshaped == ("classifier.weight", "classifier.bias")
    layer = "features.denseblock2.denselayer1.conv2.weight"
    assert torch.equal(network.state_dict()[layer], source[layer])


def test_vgg_takes_the_convolutions(tmp_path: Path) -> None:
    source = VGG16(8, 0.125, batch_norm=False).state_dict()
    del source["classifier.weight"], source["classifier.bias"]
    source |= {"classifier.0.weight": torch.rand(16, 8)}
    report = load_initial(VGG16(8, 0.125, batch_norm=False), saved(source, tmp_path))
    assert len(report.taken) == 26
    assert report.unknown == ("classifier.0.weight",)


def vgg13(width: float) -> tuple[nn.Sequential, dict[str, Tensor]]:
    """Layers and state dict of torchvision's `vgg13_bn`, narrower, as after training."""
    torch.manual_seed(3)
    layers: list[nn.Module] = []
    inputs = 3
    for stage in (64, 128, 256, 512, 512):
        for _ in range(2):
            outputs = int(stage * width)
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
            inputs = outputs
        layers.append(nn.MaxPool2d(2))
    features = nn.Sequential(*layers).train()
    with torch.no_grad():
        for _ in range(3):
            features(torch.rand(4, 3, 32, 32))
    state = {f"features.{key}": value for key, value in features.state_dict().items()}
    return features.eval(), state | {"classifier.0.weight": torch.rand(8, 8)}


def test_the_encoder_of_the_encoder_decoder_takes_vgg13(tmp_path: Path) -> None:
    features, state = vgg13(0.125)
    network = EncoderDecoder(in_channels=6, width=0.25).eval()
    report = load_initial(network, saved(state, tmp_path))
    assert len(report.taken) == 50
    assert all(key.startswith(("decoder", "head")) for key in report.missing)
    picture = torch.rand(2, 3, 32, 32)
    tensor = torch.cat([picture, picture], 1)
    with torch.no_grad():
        for stage in network.encoder:
            tensor = functional.max_pool2d(stage(tensor), 2)
        expected = features[:-1](picture)
        torch.testing.assert_close(network.bottleneck(tensor), expected, rtol=1e-4, atol=1e-5)


def test_the_shapes_of_vgg13_are_those_of_width_two() -> None:
    state = EncoderDecoder(in_channels=3, width=2.0).state_dict()
    for stage, channels in enumerate((64, 128, 256, 512)):
        assert state[f"encoder.{stage}.1.0.weight"].shape == (channels, channels, 3, 3)
    assert state["bottleneck.0.0.weight"].shape == (512, 512, 3, 3)


def test_nothing_that_fits_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadWeights, match="no weight fits"):
        load_initial(VGG16(8, 0.125), saved(imagenet_resnet18(2), tmp_path))


@pytest.mark.parametrize("content", [b"", b"no weights", b"PK\x03\x04broken"])
def test_another_file_is_an_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    with pytest.raises(BadWeights, match=r"weights\.pth"):
        load_initial(ResNet18(0.25), path)


class Runs:
    """An object whose reading would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("read",)


def test_nothing_in_the_file_is_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "weights.pth"
    torch.save({"conv1.weight": Runs()}, path)
    with pytest.raises(BadWeights):
        load_initial(ResNet18(0.25), path)
    assert capsys.readouterr().out == ""
