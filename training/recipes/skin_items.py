"""Melanin, trouble, wrinkles and pores with area and intensity, after AMOREPACIFIC's encoder-decoder of four items.

A U-Net on the optical density of the polarised pair. Pictures are 20 px/mm.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from training.networks.encoder_decoder import EncoderDecoder, Maps
from training.networks.pictures import optical_density, planes, to_bytes
from training.recipe import Batch, Recipe, Served, Split, Stage, TensorSpec
from training.recipes.item_variation import Example, turned, varied

SIDE = 256
FULL_SCALE = (3.0, 3.0, 0.30, 0.20)
"""Intensity that byte 255 stands for: log-melanin gain, log-blood gain, mm deep, mm deep."""
UNITS = (1.0, 1.0, 0.1, 0.1)
"""What 1 of the network's intensity stands for, so that all items weigh alike in training."""
_DENSITY_GAIN = 2.0
_COMEDO_WEIGHT = 7.0


class SkinItemsNetwork(nn.Module):
    """Maps of the four items; `prepared` makes its planes of the served picture."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.body = EncoderDecoder(in_channels=8, items=4, width=width)

    @staticmethod
    def prepared(image: Tensor) -> Tensor:
        """uint8 [B,H,W,6] to [B,8,H,W]: optical density about its mean over the picture, which takes exposure and
        balance out, and two constant planes of the mean cross-polarised colour, which tell how dark the skin is.
        """
        density = optical_density(planes(image)) * _DENSITY_GAIN
        mean = density.mean((2, 3), keepdim=True)
        tone = (mean[:, 4:6] - mean[:, 3:5]).expand(-1, -1, density.shape[2], density.shape[3])
        return torch.cat([density - mean, tone], 1)

    def forward(self, prepared: Tensor) -> Maps:
        """Area logits, and intensity in `UNITS`."""
        maps: Maps = self.body(prepared)
        return maps


class _Graph(nn.Module):
    def __init__(self, network: SkinItemsNetwork) -> None:
        super().__init__()
        self.network = network
        scale = torch.tensor(UNITS) / torch.tensor(FULL_SCALE)
        self.register_buffer("scale", scale[:, None, None])

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.network(self.network.prepared(image))
        return to_bytes(torch.sigmoid(maps.area)), to_bytes(maps.intensity * self.scale)


class SkinItems(Recipe):
    """Width 1 is the paper's 32 to 256 channels."""

    name = "skin_items"
    default_width = 0.375
    batch_size = 8
    stages = (
        Stage("plain", 10_000, 3e-3, augmented=False),
        Stage("augmented", 32_000, 2e-3, augmented=True),
    )

    def network(self, width: float) -> nn.Module:
        """See `Recipe.network`."""
        network = SkinItemsNetwork(width)
        if network.body.head.bias is not None:
            nn.init.constant_(network.body.head.bias[:4], -3.0)
        return network

    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        """See `Recipe.dataset`; a folder holds patches and masks."""
        if data is not None:
            from training.datasets.folders import Patches

            return Patches(data, split, seed=seed, augmented=stage.augmented)
        from training.datasets.swatches import ItemSwatches

        return ItemSwatches(split, seed, augmented=stage.augmented and split == "train")

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """See `Recipe.loss`."""
        example = turned(_example(batch))
        if bool(batch["augmented"].any()):
            example = varied(example)
        maps: Maps = network(example.planes.contiguous(memory_format=torch.channels_last))
        parts = _parts(maps, example)
        if "measured" in batch and not bool(batch["measured"].all()):
            parts["intensity"] = 0.0 * parts["intensity"]
        loss = 2.0 * parts["entropy"] + parts["overlap"] + 1.5 * parts["intensity"]
        return loss, {name: part.detach() for name, part in parts.items()}

    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Dice of every item at 0.5, and the mean absolute error of intensity within its truth."""
        example = _example(batch)
        with torch.no_grad():
            maps: Maps = network(example.planes)
        known = (example.weight > 0).float()
        said, true = (maps.area > 0).float() * known, example.area * known
        both, all_ = (said * true).sum((0, 2, 3)), (said + true).sum((0, 2, 3))
        dice = (2 * both / all_.clamp_min(1)).tolist()
        off = (maps.intensity - example.intensity).abs() * true
        error = (off.sum((0, 2, 3)) / true.sum((0, 2, 3)).clamp_min(1)).tolist()
        names = ("melanin", "trouble", "wrinkle", "pore")
        return {
            **dict(zip(names, dice, strict=True)),
            **{f"{name}_error": value for name, value in zip(names, error, strict=True)},
        }

    def served(self, network: nn.Module) -> Served:
        """See `Recipe.served`."""
        assert isinstance(network, SkinItemsNetwork)
        byte = np.dtype(np.uint8)
        return Served(
            _Graph(network).eval(),
            (TensorSpec("image", byte, (SIDE, SIDE, 6)),),
            (TensorSpec("area", byte, (4, SIDE, SIDE)), TensorSpec("intensity", byte, (4, SIDE, SIDE))),
            {
                "items": "melanin,trouble,wrinkle,pore",
                "full_scale": ",".join(f"{each:g}" for each in FULL_SCALE),
                "px_per_mm": "20",
            },
        )


def _example(batch: Batch) -> Example:
    area = batch["area"].float()
    units = area.new_tensor(UNITS)[:, None, None]
    weight = batch["known"].float()
    if "comedones" in batch:
        weight[:, 1] = weight[:, 1] * (1 + (_COMEDO_WEIGHT - 1) * batch["comedones"].float())
    return Example(
        SkinItemsNetwork.prepared(batch["image"]), area, batch["intensity"].float() / units, weight
    )


def _parts(maps: Maps, example: Example) -> dict[str, Tensor]:
    """Cross-entropy, one minus the soft Dice, and Huber loss of intensity within the truth, over the items."""
    area, weight = example.area, example.weight
    over = (0, 2, 3)
    said = torch.sigmoid(maps.area)
    both, all_ = (said * area * weight).sum(over), ((said + area) * weight).sum(over)
    off = functional.smooth_l1_loss(maps.intensity, example.intensity, reduction="none", beta=0.2)
    within = area * (weight > 0)
    return {
        "entropy": functional.binary_cross_entropy_with_logits(maps.area, area, weight),
        "overlap": (1 - (2 * both + 1) / (all_ + 1)).mean(),
        "intensity": ((off * within).sum(over) / (within.sum(over) + 50)).mean(),
    }
