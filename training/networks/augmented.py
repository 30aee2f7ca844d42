"""Heat maps averaged over transforms of the picture, inside the network.

Each picture is seen k times, flipped or under an affine transform; the class activation maps are brought back to the
picture, averaged where the transformed picture covered it, normalised and thresholded. The transforms are fixed by a
seed, so that the same picture always gives the same map. Without an ONNX operator for affine grids, sampling grids are
sums of three constants, which runtimes multiply out when they load the file.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.networks.cam import enlarged, normalised

ROTATION = 12.0
"""Largest rotation, degrees."""

ZOOM = 0.1
"""Largest change of scale."""

SHIFT = 0.04
"""Largest shift, in sides of the picture."""

MOST = 20
"""Transforms at most."""


class Explained(NamedTuple):
    """What a network says of a batch of pictures and why."""

    outputs: Tensor
    """[B,n]."""
    activation: Tensor
    """Class activation map [B,1,h,w], not negative."""


class Averaged(NamedTuple):
    """What a network says of a batch of pictures, over k transforms."""

    outputs: Tensor
    """Of every transform, [B,k,n]."""
    heatmap: Tensor
    """[B,H,W] in 0..1; 0 below the threshold."""


def transforms(k: int, seed: int = 0) -> Tensor:
    """Matrices [k,2,3] from places in the transformed picture to places in the picture, in -1..1 of its sides.

    The first changes nothing, the others are affine, and each but a last odd one is followed by its mirror image: with an
    even number a picture and its mirror image are told the same.
    """
    if not 1 <= k <= MOST:
        raise ValueError(f"{k} transforms; 1 to {MOST} are possible")
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.rand((MOST, 4), generator=generator, dtype=torch.float64)[::2] * 2 - 1
    drawn[0] = 0.0
    once = torch.tensor([_affine(*each) for each in drawn.tolist()], dtype=torch.float64)
    mirrored = once * once.new_tensor([[-1.0], [1.0]])
    return torch.stack([once, mirrored], 1).flatten(0, 1)[:k]


def _affine(turn: float, zoom: float, x: float, y: float) -> list[list[float]]:
    """Rotation, scale and shift from numbers in -1..1."""
    angle, scale = math.radians(turn * ROTATION), 1.0 / (1.0 + zoom * ZOOM)
    cosine, sine = math.cos(angle) * scale, math.sin(angle) * scale
    return [[cosine, -sine, 2 * SHIFT * x], [sine, cosine, 2 * SHIFT * y]]


def inverse(matrices: Tensor) -> Tensor:
    """The matrices [k,2,3] of the way back."""
    last = matrices.new_tensor([[[0.0, 0.0, 1.0]]]).expand(len(matrices), 1, 3)
    back: Tensor = torch.linalg.inv(torch.cat([matrices, last], 1))
    return back[:, :2]


class _Grid(nn.Module):
    """Sampling grids [k,S,S,2] of k matrices for pictures of side S."""

    matrices: Tensor
    places: Tensor

    def __init__(self, matrices: Tensor, side: int) -> None:
        super().__init__()
        places = (torch.arange(side, dtype=torch.float64) * 2 + 1) / side - 1
        self.register_buffer("matrices", matrices.float())
        self.register_buffer("places", places.float())

    def forward(self) -> Tensor:
        row, column = self.places[None, None, :, None], self.places[None, :, None, None]
        along, across, shift = (self.matrices[:, None, None, :, index] for index in range(3))
        return along * row + across * column + shift


class Augmented(nn.Module):
    """`network`, which gives `Explained` for planes [B,3,S,S], averaged over k transforms.

    `threshold` is the share of a map's maximum below which it is 0. `least` is the maximum that a map of full strength
    has at least, so that a picture without findings does not show its own noise. k = 1 is the network itself.
    """

    def __init__(
        self,
        network: nn.Module,
        side: int,
        k: int = 4,
        threshold: float = 0.35,
        least: float = 0.0,
    ) -> None:
        super().__init__()
        matrices = transforms(k)
        self.network = network
        self.side, self.k = side, k
        self.threshold, self.least = threshold, least
        self.there = _Grid(matrices, side)
        self.back = _Grid(inverse(matrices), side)

    def forward(self, planes: Tensor) -> Averaged:
        """See the class and `Averaged`."""
        outputs, activation = self._once(planes) if self.k == 1 else self._averaged(planes)
        strength = normalised(activation, self.least)[:, 0]
        return Averaged(outputs, strength * (strength >= self.threshold).to(strength.dtype))

    def _once(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        outputs, activation = self.network(planes)
        return outputs[:, None], enlarged(activation, self.side, self.side)

    def _averaged(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        side, k = self.side, self.k
        copies = planes[:, None].expand(-1, k, -1, -1, -1).reshape(-1, 3, side, side)
        seen = _sampled(copies, self._each(self.there(), planes), "border")
        outputs, activation = self.network(seen)
        grid = self.back()
        maps = _sampled(enlarged(activation, side, side), self._each(grid, planes), "border")
        covered = (grid.abs().amax(-1) <= 1.0).to(planes.dtype)
        total = (maps.reshape(-1, k, side, side) * covered).sum(1, keepdim=True)
        return outputs.reshape(-1, k, outputs.shape[1]), total / covered.sum(0)

    def _each(self, grid: Tensor, planes: Tensor) -> Tensor:
        """The k grids for every picture, [B*k,S,S,2]."""
        every = grid.expand(planes.shape[0], *grid.shape)
        return every.reshape(-1, self.side, self.side, 2)


def _sampled(tensor: Tensor, grid: Tensor, padding: str) -> Tensor:
    return functional.grid_sample(tensor, grid, mode="bilinear", padding_mode=padding, align_corners=False)
