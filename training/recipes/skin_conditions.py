"""Eight conditions of skin in one picture, after Datamind and A*STAR: enhance, then VGG16 (pooled head).

Enhanced pixels go to the classifier alone. It scores the cells of its features, at a 32nd of the picture's size, and
pools the scores towards their maximum: one lentigo makes the picture's label true. Cells are taught where conditions
show, and so is a head at an eighth of the size that is not served, because small spots are slow to learn from labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from phantom.swatch import CONDITIONS, Condition
from training.losses import masked_bce
from training.networks.blocks import scaled, sharply_pooled
from training.networks.cam import activation_maps, enlarged, normalised
from training.networks.enhancement import ColourEnhancement, Denoise
from training.networks.pictures import planes, to_bytes
from training.networks.vgg import STAGES, VGG16
from training.recipe import Batch, Recipe, Served, Split, Stage, TensorSpec

SIDE, MAP_SIDE = 224, 56
TRAINED_SIDES: Mapping[str, int] = {"plain": 160, "augmented": 160}
"""of the pictures of each stage: as much is learnt from smaller ones in less time"""
_NOISE = 0.006
"""Deviation that counts as noise: fine lines are not much above it"""
_LEAST_MAP = 1e-3
_SHARPNESS = 2.0
OVERLAID_SHARE = 0.25
_GAIN = 12.0
"""one over the deviation of enhanced skin, 0..1"""


class Found(NamedTuple):
    """Logits [B,8] of the picture, and [B,8,h,w] of its cells, fine and coarse."""

    logits: Tensor
    fine: Tensor
    coarse: Tensor


class SkinConditionsNetwork(nn.Module):
    """VGG16 behind the enhancement; `image` is uint8 [B,H,W,3], sRGB at 6 px/mm."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.enhancement = nn.Sequential(Denoise(noise=_NOISE), ColourEnhancement())
        self.vgg = VGG16(len(CONDITIONS), width)
        self.presence = nn.Parameter(torch.zeros(len(CONDITIONS)))
        self.fine = nn.Conv2d(scaled(STAGES[2][-1], width), len(CONDITIONS), 1)
        pools = [at for at, layer in enumerate(self.vgg.features) if isinstance(layer, nn.MaxPool2d)]
        self._eighth = pools[2] + 1

    def enhanced(self, planes: Tensor) -> Tensor:
        """Step 1, of planes [B,3,H,W]: about their mean over the picture, for skins differ more than conditions."""
        with torch.no_grad():
            shown: Tensor = self.enhancement(planes)
            return (shown - shown.mean((2, 3), keepdim=True)) * _GAIN

    def judged(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the picture and of the cells of VGG16's features."""
        head = self.vgg.classifier
        scores = functional.conv2d(features, head.weight[:, :, None, None], head.bias)
        return sharply_pooled(scores, _SHARPNESS) + self.presence, scores

    def forward(self, planes: Tensor) -> Found:
        """Both steps."""
        shown = self.enhanced(planes).contiguous(memory_format=torch.channels_last)
        early = self.vgg.features[: self._eighth](shown)
        logits, scores = self.judged(self.vgg.features[self._eighth :](early))
        return Found(logits, self.fine(early), scores)


class _Graph(nn.Module):
    def __init__(self, network: SkinConditionsNetwork) -> None:
        super().__init__()
        self.network, self.vgg = network, network.vgg

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features = self.vgg.features(self.network.enhanced(planes(image)))
        logits, _ = self.network.judged(features)
        maps = activation_maps(features, self.vgg.classifier.weight)
        probability = torch.sigmoid(logits)
        shown = normalised(enlarged(maps, MAP_SIDE, MAP_SIDE), _LEAST_MAP) * probability[:, :, None, None]
        return probability, to_bytes(shown)


class Labelled(NamedTuple):
    """Planes [B,3,H,W] of 0..1, the picture's conditions [B,8] and its cells' [B,8,h,w]."""

    planes: Tensor
    conditions: Tensor
    places: Tensor


def overlaid(example: Labelled) -> Labelled:
    """A quarter of the pictures show a second skin on theirs: densities add, and so do hairs and conditions."""
    light = example.planes.roll(1, 0).flip(2)
    light = light / light.mean((2, 3), keepdim=True).clamp_min(1e-3)
    chosen = torch.rand(len(light), device=light.device) < OVERLAID_SHARE
    cells = chosen[:, None, None, None]
    return Labelled(
        (example.planes * torch.where(cells, light, 1.0)).clamp(0, 1),
        torch.maximum(example.conditions, chosen[:, None] * example.conditions.roll(1, 0)),
        torch.maximum(example.places, cells * example.places.roll(1, 0).flip(2)),
    )


class SkinConditions(Recipe):
    """Width 1 is the paper's 64 to 512 channels."""

    name = "skin_conditions"
    default_width = 0.25
    batch_size = 8
    stages = (Stage("plain", 14_000, 2e-3, augmented=False), Stage("augmented", 26_000, 2e-3, augmented=True))
    places_weight = 0.7
    place_gain = 3.0
    """weight of cells that show a condition"""
    shares: Mapping[Condition, float] = {"wrinkles": 4.0}
    """weights in the loss; 1 of those not named. Thin lines among hairs are the slowest to learn."""

    def network(self, width: float) -> nn.Module:
        """See `Recipe.network`."""
        return SkinConditionsNetwork(width)

    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        """Swatches of the phantom, or a folder of pictures with a table of conditions."""
        if data is not None:
            from training.datasets.conditions import ConditionPictures

            return ConditionPictures(data, split, seed=seed, augmented=stage.augmented)
        from training.datasets.swatches import ConditionSwatches

        training = split == "train"
        side = TRAINED_SIDES.get(stage.name, SIDE) if training else SIDE
        return ConditionSwatches(split, seed, augmented=stage.augmented and training, side=side)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Cross-entropy of every known condition in the picture, and in its cells where the data tells these."""
        said: Found
        if "places" not in batch:
            said = network(planes(batch["image"]))
            loss = masked_bce(said.logits, batch["conditions"], batch["known"])
            return loss, {"conditions": loss.detach()}
        example = Labelled(planes(batch["image"]), batch["conditions"], batch["places"])
        if bool(batch["augmented"].any()):
            example = overlaid(example)
        said = network(example.planes)
        fine = example.places
        coarse = functional.max_pool2d(fine, fine.shape[-1] // said.coarse.shape[-1])
        each = fine.new_tensor([self.shares.get(name, 1.0) for name in CONDITIONS])
        cells = each[:, None, None]
        parts = {
            "conditions": functional.binary_cross_entropy_with_logits(said.logits, example.conditions, each),
            "fine": functional.binary_cross_entropy_with_logits(
                said.fine, fine, cells, pos_weight=fine.new_tensor(self.place_gain)
            ),
            "coarse": functional.binary_cross_entropy_with_logits(said.coarse, coarse, cells),
        }
        loss = parts["conditions"] + self.places_weight * (parts["fine"] + parts["coarse"])
        return loss, {name: part.detach() for name, part in parts.items()}

    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Share of right answers, and F1 over all conditions together, where they are known."""
        with torch.no_grad():
            said = network(planes(batch["image"])).logits > 0
        true = batch["conditions"] > 0.5
        known = batch["known"] > 0 if "known" in batch else torch.ones_like(true)
        both, either = (said & true & known).sum(), (said & known).sum() + (true & known).sum()
        return {
            "right": float(((said == true) & known).sum() / known.sum().clamp_min(1)),
            "f1": float(2 * both / either.clamp_min(1)),
        }

    def served(self, network: nn.Module) -> Served:
        """See `Recipe.served`."""
        assert isinstance(network, SkinConditionsNetwork)
        return Served(
            _Graph(network).eval(),
            (TensorSpec("image", np.dtype(np.uint8), (SIDE, SIDE, 3)),),
            (
                TensorSpec("probability", np.dtype(np.float32), (len(CONDITIONS),)),
                TensorSpec("heatmap", np.dtype(np.uint8), (len(CONDITIONS), MAP_SIDE, MAP_SIDE)),
            ),
            {"conditions": ",".join(CONDITIONS), "px_per_mm": "6"},
        )
