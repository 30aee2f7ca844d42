"""Eight conditions of skin in one picture, after Datamind and A*STAR: enhance, then VGG16 (pooled head).

Enhanced pixels go to the classifier alone. A head that says where each condition shows is trained beside the
classifier, because small spots are slow to learn from the picture's labels; it is not served.
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

from phantom.swatch import CONDITIONS
from training.networks.cam import activation_maps, enlarged, normalised
from training.networks.enhancement import Enhancement
from training.networks.pictures import planes, standardised, to_bytes
from training.networks.vgg import VGG16
from training.recipe import Batch, Recipe, Served, Split, Stage, TensorSpec

SIDE, MAP_SIDE = 224, 56
TRAINED_SIDES: Mapping[str, int] = {"plain": 128, "augmented": 160}
"""of the pictures of each stage: as much is learnt from smaller ones in less time"""
_LEAST_MAP = 1e-3


class Found(NamedTuple):
    """Logits [B,8] of the picture and [B,8,h,w] of its cells."""

    logits: Tensor
    places: Tensor


class SkinConditionsNetwork(nn.Module):
    """VGG16 behind the enhancement; `image` is uint8 [B,H,W,3], sRGB at 6 px/mm."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.enhancement = Enhancement()
        self.vgg = VGG16(len(CONDITIONS), width)
        self.places = nn.Conv2d(self.vgg.classifier.in_features, len(CONDITIONS), 1)

    def enhanced(self, image: Tensor) -> Tensor:
        """Step 1: planes for the classifier."""
        with torch.no_grad():
            shown: Tensor = self.enhancement(planes(image))
        return standardised(shown)

    def forward(self, image: Tensor) -> Found:
        """Both steps."""
        features, logits = self.vgg(self.enhanced(image).contiguous(memory_format=torch.channels_last))
        return Found(logits, self.places(features))


class _Graph(nn.Module):
    def __init__(self, network: SkinConditionsNetwork) -> None:
        super().__init__()
        self.enhancement, self.vgg = network.enhancement, network.vgg

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        features, logits = self.vgg(standardised(self.enhancement(planes(image))))
        maps = activation_maps(features, self.vgg.classifier.weight)
        probability = torch.sigmoid(logits)
        shown = normalised(enlarged(maps, MAP_SIDE, MAP_SIDE), _LEAST_MAP) * probability[:, :, None, None]
        return probability, to_bytes(shown)


class SkinConditions(Recipe):
    """Width 1 is the paper's 64 to 512 channels."""

    name = "skin_conditions"
    default_width = 0.25
    batch_size = 8
    stages = (Stage("plain", 5_000, 2e-3, augmented=False), Stage("augmented", 3_000, 1e-3, augmented=True))
    places_weight = 0.5

    def network(self, width: float) -> nn.Module:
        """See `Recipe.network`."""
        return SkinConditionsNetwork(width)

    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        """Swatches of the phantom."""
        if data is not None:
            raise ValueError(f"{data}: this model is trained on the phantom only")
        from training.datasets.swatches import ConditionSwatches

        training = split == "train"
        side = TRAINED_SIDES.get(stage.name, SIDE) if training else SIDE
        return ConditionSwatches(split, seed, augmented=stage.augmented and training, side=side)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Cross-entropy of every condition in the picture, and in its cells."""
        said: Found = network(batch["image"])
        parts = {
            "conditions": functional.binary_cross_entropy_with_logits(said.logits, batch["conditions"]),
            "places": functional.binary_cross_entropy_with_logits(said.places, batch["places"]),
        }
        loss = parts["conditions"] + self.places_weight * parts["places"]
        return loss, {name: part.detach() for name, part in parts.items()}

    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Share of right answers, and F1 over all conditions together."""
        with torch.no_grad():
            said = network(batch["image"]).logits > 0
        true = batch["conditions"] > 0.5
        both = float((said & true).sum())
        return {
            "right": float((said == true).float().mean()),
            "f1": 2 * both / max(1.0, float(said.sum() + true.sum())),
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
