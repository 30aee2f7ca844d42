"""Heat maps over fixed transforms: the way there and back, the plain mode, the same map every time."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks import (
    Augmented,
    Explained,
    FineEncoder,
    SeverityNetwork,
    activation_maps,
    enlarged,
    normalised,
    transforms,
)
from training.networks.augmented import MOST, inverse
from training.recipes.severity_graph import Explaining

pytestmark = pytest.mark.unit

SIDE = 96


class Mirror(nn.Module):
    """A network whose map is the picture's first plane and whose output is its mean."""

    def forward(self, planes: Tensor) -> Explained:
        return Explained(planes.mean((2, 3)), planes[:, :1])


def smooth(seed: int, side: int = SIDE) -> Tensor:
    coarse = torch.rand((2, 3, 6, 6), generator=torch.Generator().manual_seed(seed))
    return functional.interpolate(coarse, size=(side, side), mode="bicubic").clamp(0, 1)


def picture(seed: int) -> Tensor:
    return torch.rand((2, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(seed))


def test_transforms_are_fixed_by_their_seed() -> None:
    assert torch.equal(transforms(8, 3), transforms(8, 3))
    assert not torch.equal(transforms(8, 3), transforms(8, 4))
    assert torch.equal(transforms(8, 3)[:4], transforms(8, 3)[:4])
    plain, mirrored = transforms(2)
    assert plain.tolist() == [[1, 0, 0], [0, 1, 0]]
    assert mirrored.tolist() == [[-1, 0, 0], [0, 1, 0]]


@pytest.mark.parametrize("k", [0, MOST + 1])
def test_too_few_or_too_many(k: int) -> None:
    with pytest.raises(ValueError, match="1 to 20"):
        transforms(k)


def test_the_way_back_undoes_the_way_there() -> None:
    matrices = transforms(MOST)
    row = matrices.new_tensor([[[0.0, 0.0, 1.0]]]).expand(MOST, 1, 3)
    both = torch.cat([matrices, row], 1) @ torch.cat([inverse(matrices), row], 1)
    torch.testing.assert_close(both, torch.eye(3, dtype=both.dtype).expand_as(both))


@pytest.mark.parametrize("k", [2, 4, 8])
def test_a_map_comes_back_to_its_place(k: int) -> None:
    planes = smooth(k)
    found = Augmented(Mirror(), SIDE, k, threshold=0.0)(planes).heatmap
    expected = normalised(planes[:, :1])[:, 0]
    middle = slice(SIDE // 6, -SIDE // 6)
    assert float((found - expected)[:, middle, middle].abs().max()) < 0.02
    assert float((found - expected).abs().mean()) < 0.02


@pytest.mark.parametrize("k", [2, 4, 8])
def test_mirror_images_are_told_the_same_with_mirrored_maps(k: int) -> None:
    network = Explaining(SeverityNetwork(FineEncoder(0.125))).eval()
    module = Augmented(network, SIDE, k).eval()
    planes = picture(0)
    with torch.no_grad():
        one, other = module(planes), module(planes.flip(3))
    torch.testing.assert_close(one.heatmap, other.heatmap.flip(2), rtol=0, atol=2e-3)
    torch.testing.assert_close(one.outputs.mean(1), other.outputs.mean(1), rtol=0, atol=1e-5)
    torch.testing.assert_close(one.outputs.mean(1), other.outputs.mean(1))


def test_one_transform_is_the_plain_network() -> None:
    planes, network = picture(1), SeverityNetwork(FineEncoder(0.125)).eval()
    with torch.no_grad():
        said = network(planes)
        found = Augmented(Explaining(network), SIDE, 1, threshold=0.0)(planes)
    expected = torch.cat([said.estimate, said.logits.softmax(1)], 1)
    maps = activation_maps(said.features, network.regressor.weight)
    torch.testing.assert_close(found.outputs[:, 0], expected)
    torch.testing.assert_close(found.heatmap, normalised(enlarged(maps, SIDE, SIDE))[:, 0])


def test_outputs_are_those_of_every_transform() -> None:
    found = Augmented(Mirror(), SIDE, 4)(smooth(2))
    assert found.outputs.shape == (2, 4, 3)
    torch.testing.assert_close(found.outputs[:, 0], smooth(2).mean((2, 3)))
    torch.testing.assert_close(found.outputs[:, 1], found.outputs[:, 0])


def test_below_the_threshold_is_nothing() -> None:
    heatmap = Augmented(Mirror(), SIDE, 4, threshold=0.5)(smooth(3)).heatmap
    assert ((heatmap == 0) | (heatmap >= 0.5)).all()
    assert (heatmap == 0).any()
    assert torch.equal(heatmap.amax((1, 2)), torch.ones(2))


def test_the_same_map_every_time() -> None:
    module = Augmented(Explaining(SeverityNetwork(FineEncoder(0.125))), SIDE, 4).eval()
    with torch.no_grad():
        assert torch.equal(module(picture(4)).heatmap, module(picture(4)).heatmap)
