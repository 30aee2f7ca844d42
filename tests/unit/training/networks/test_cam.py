"""Class activation maps of the forward pass are Grad-CAM, computed by autograd."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks import (
    VGG16,
    DenseNet,
    FineEncoder,
    ResNet18,
    SeverityNetwork,
    activation_maps,
    normalised,
)

pytestmark = pytest.mark.unit

Run = Callable[[Tensor], tuple[Tensor, Tensor]]
"""A picture to features and one output of a head, [B]."""


def grad_cam(features: Tensor, output: Tensor) -> Tensor:
    """R. Selvaraju et al., ICCV 2017, equations 1 and 2."""
    (gradient,) = torch.autograd.grad(output.sum(), features)
    weights = gradient.mean((2, 3), keepdim=True)
    return functional.relu((weights * features).sum(1))


def run_classifier(network: nn.Module, index: int) -> tuple[Run, Tensor]:
    def run(picture: Tensor) -> tuple[Tensor, Tensor]:
        said = network(picture)
        return said.features, said.logits[:, index]

    return run, network.get_submodule("classifier").get_parameter("weight")[index]


def run_severity(network: SeverityNetwork, index: int | None) -> tuple[Run, Tensor]:
    def run(picture: Tensor) -> tuple[Tensor, Tensor]:
        said = network(picture)
        return said.features, said.estimate[:, 0] if index is None else said.logits[:, index]

    return run, network.regressor.weight[0] if index is None else network.classifier.weight[index]


CASES = {
    "densenet": run_classifier(DenseNet(2, 0.25, (2, 2, 2, 2)), 1),
    "vgg16": run_classifier(VGG16(8, 0.125), 3),
    "residual regressor": run_severity(SeverityNetwork(ResNet18(0.25)), None),
    "residual classifier": run_severity(SeverityNetwork(ResNet18(0.25)), 4),
    "fine regressor": run_severity(SeverityNetwork(FineEncoder(0.25)), None),
    "fine classifier": run_severity(SeverityNetwork(FineEncoder(0.25)), 2),
}


@pytest.mark.parametrize("case", CASES)
def test_cam_is_grad_cam(case: str) -> None:
    run, weight = CASES[case]
    picture = torch.rand((2, 3, 96, 96), generator=torch.Generator().manual_seed(0))
    features, output = run(picture)
    expected = grad_cam(features, output).detach()
    found = activation_maps(features, weight[None])[:, 0].detach()
    assert float(expected.max()) > 0
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-6 * float(expected.max()))


def test_a_map_of_zeros_stays_one() -> None:
    assert normalised(torch.zeros(1, 1, 4, 4)).eq(0).all()


def test_a_faint_map_is_not_blown_up() -> None:
    faint = torch.full((1, 1, 2, 2), 0.01)
    assert normalised(faint).eq(1).all()
    assert normalised(faint, least=0.1).max() == pytest.approx(0.1)
