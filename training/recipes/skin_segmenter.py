"""Facial skin, parts of the head and eight landmarks: BiSeNet (C. Yu 2018), as in Quattrini 2022.

Beyond the paper: labels from half the picture's size, twelve exact parts beside the binary mask, and a landmark head
(soft-argmax of coarse heat maps, confidence read where the map looks). Auxiliary heads are not served.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from phantom.landmarks import LANDMARKS, MEAN_HEAD_MM
from phantom.portrait import IGNORE
from phantom.scene import PART, PARTS
from training.datasets.files import CACHE
from training.datasets.portrait_cache import PortraitCache
from training.datasets.portraits import Portraits
from training.networks.bisenet import BiSeNet, Labels
from training.networks.blocks import scaled
from training.networks.pictures import planes, standardised, to_bytes
from training.recipe import Batch, Normaliser, Preparing, Recipe, Served, Split, Stage, TensorSpec

SIDES: Mapping[str, int] = {"plain": 128, "coarse": 128, "fine": 160}
"""of the pictures of each stage: most is learnt from small ones at half the time"""
SERVED_SIDE, SEEN_SIDES = 256, (128, 192)
"""of the picture served, and of what the network is shown of it, one after the other"""
FIRST_SEED: Mapping[Split, int] = {"train": 1_000_000, "check": 2_000_000}
PORTRAITS, CHECK_PORTRAITS = 1_625, 75
_HOLES = tuple(PART[name] for name in ("lips", "eye", "brow", "glasses", "mouth", "hair"))
_HOLE_WEIGHT = 2.0
"""of what interrupts skin, which Dice of the large area hardly feels"""
FINE = 16
"""channels of the labels' last layers, at half the picture's size"""


class SkinSegmenter(Recipe):
    """Skin, parts of the face and landmarks of portraits."""

    name = "skin_segmenter"
    default_width = 0.375
    batch_size = 8
    stages = (
        Stage("plain", 1_000, 1.5e-3, augmented=False),
        Stage("coarse", 13_000, 1.5e-3, augmented=True),
        Stage("fine", 7_000, 8e-4, augmented=True),
    )
    parts_weight = 0.5
    auxiliary_weight = 0.25
    landmark_weight = 0.5

    def network(self, width: float) -> nn.Module:
        """See `Recipe.network`; width 1 is the paper's, 64 to 512 channels."""
        return BiSeNet(len(PARTS), width, landmarks=2 * len(LANDMARKS), fine=max(FINE, scaled(32, width)))

    def prepare(self, data: Path | None, normaliser: Normaliser, heard: Preparing) -> None:
        """See `Recipe.prepare`; renders the portraits, half a second each."""
        for split in FIRST_SEED if data is None else ():
            self._portraits(split).make(functools.partial(heard, f"portraits of the {split} split"))

    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        """Portraits of the phantom, rendered on first use, or a folder in the form of CelebAMask-HQ."""
        side = SIDES[stage.name] if split == "train" else SERVED_SIDE
        if data is not None:
            from training.datasets.celebamask import CelebAMask

            return CelebAMask(data, split, side=side, seed=seed, augmented=stage.augmented)
        cache = self._portraits(split)
        cache.make()
        return Portraits(*cache.load(), side, seed, augmented=stage.augmented)

    def _portraits(self, split: Split) -> PortraitCache:
        count = PORTRAITS if split == "train" else CHECK_PORTRAITS
        return PortraitCache(CACHE, FIRST_SEED[split], count)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """BCE and soft Dice of skin, cross-entropy of parts, both of the auxiliary heads too, and landmarks if known."""
        image, labels = planes(batch["image"]), batch["labels"].long()
        said = network(standardised(image))
        skin, parts = _skin_loss(said.labels, labels), _parts_loss(said.labels, labels)
        other = torch.stack(
            [_skin_loss(each, labels) + _parts_loss(each, labels) for each in said.auxiliary]
        ).sum()
        loss = skin + self.parts_weight * parts + self.auxiliary_weight * other
        told = {"skin": skin, "parts": parts}
        if "landmarks" in batch:
            place, seen = _landmark_loss(said.landmarks, batch["landmarks"])
            loss = loss + self.landmark_weight * (place + seen)
            told |= {"landmarks": place, "seen": seen}
        return loss, {name: value.detach() for name, value in told.items()}

    @torch.no_grad()
    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """As served: Dice of skin per picture with a face, accuracy of parts, distance of seen landmarks (share of side)."""
        labels = batch["labels"].long()
        skin, parts, points = looked(network, batch["image"])
        known, truth = labels != IGNORE, labels == PART["skin"]
        found = (skin > 0) & known
        both, either = (found & truth).sum((1, 2)), found.sum((1, 2)) + truth.sum((1, 2))
        dice = (2 * both / either.clamp_min(1))[truth.sum((1, 2)) > 50]
        right = (parts.argmax(1) == labels)[known].float().mean()
        figures = {"skin_dice": float(dice.mean()) if len(dice) else 1.0, "parts": float(right)}
        if "landmarks" in batch:
            away = (points - batch["landmarks"])[..., :2].norm(dim=-1)[batch["landmarks"][..., 2] > 0]
            figures["landmark_error"] = float(away.mean()) if len(away) else 0.0
        return figures

    def served(self, network: nn.Module) -> Served:
        """See `Recipe.served`; the metadata names parts and landmarks and gives the mean head."""
        image = TensorSpec("image", np.dtype(np.uint8), (SERVED_SIDE, SERVED_SIDE, 3))
        outputs = (
            TensorSpec("skin", np.dtype(np.uint8), (SERVED_SIDE, SERVED_SIDE)),
            TensorSpec("parts", np.dtype(np.uint8), (SERVED_SIDE, SERVED_SIDE)),
            TensorSpec("landmarks", np.dtype(np.float32), (len(LANDMARKS), 3)),
        )
        metadata = {
            "parts": ",".join(PARTS), "landmarks": ",".join(LANDMARKS), "mean_head_mm": json.dumps(MEAN_HEAD_MM),
        }  # fmt: skip
        return Served(_Served(network), (image,), outputs, metadata)


class _Served(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        skin, parts, points = looked(self.network, image)
        return to_bytes(torch.sigmoid(skin)), parts.argmax(1).to(torch.uint8), points


def looked(network: nn.Module, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the network says of a picture [B,S,S,3] on average over the sizes it is shown.

    Logits of skin [B,S,S] and of parts [B,parts,S,S], and landmarks [B,8,3].
    """
    size = int(image.shape[1]), int(image.shape[2])
    # Averaged against aliasing, which a sampling grid alone does not do.
    soft = functional.avg_pool2d(planes(image), 3, 1, 1, count_include_pad=False)
    said = [network(standardised(_resized(soft, (side, side)))) for side in SEEN_SIDES]
    labels = torch.stack(
        [torch.cat([_resized(part, size) for part in each.labels[::-1]], 1) for each in said]
    )
    points = torch.stack([places(each.landmarks) for each in said])
    logits = labels.mean(0)
    return logits[:, 0], logits[:, 1:], points.mean(0)


def _resized(tensor: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(tensor, size=size, mode="bilinear")


def places(maps: Tensor) -> Tensor:
    """[B,8,3] x and y in 0..1 of the picture and confidence, of landmark maps [B,16,h,w]."""
    heat, seen = maps.flatten(2).chunk(2, 1)
    attention = torch.softmax(heat, 2)
    y, x = _cells(maps)
    return torch.stack(
        [(attention * x).sum(2), (attention * y).sum(2), torch.sigmoid((attention * seen).sum(2))], 2
    )


def _cells(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Centres of the maps' cells, y and x in 0..1, each [h*w]."""
    height, width = maps.shape[-2:]
    y = (torch.arange(height, dtype=maps.dtype, device=maps.device) + 0.5) / height
    x = (torch.arange(width, dtype=maps.dtype, device=maps.device) + 0.5) / width
    return y[:, None].expand(height, width).reshape(-1), x[None].expand(height, width).reshape(-1)


def _skin_loss(said: Labels, labels: Tensor) -> Tensor:
    labels = _thinned(labels, said.skin.shape[-1])
    known, truth = (labels != IGNORE).float(), (labels == PART["skin"]).float()
    logits = said.skin[:, 0]
    entropy = functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    share = torch.sigmoid(logits) * known
    overlap = 2 * (share * truth).sum((1, 2)) + 1
    dice = 1 - overlap / (share.sum((1, 2)) + truth.sum((1, 2)) + 1)
    weight = known * (1 + (_HOLE_WEIGHT - 1) * torch.isin(labels, labels.new_tensor(_HOLES)))
    return (entropy * weight).sum() / weight.sum() + dice.mean()


def _parts_loss(said: Labels, labels: Tensor) -> Tensor:
    """On every second pixel of every second row: neighbours say the same."""
    labels = _thinned(labels, said.parts.shape[-1])
    return functional.cross_entropy(said.parts[..., ::2, ::2], labels[..., ::2, ::2], ignore_index=IGNORE)


def _thinned(labels: Tensor, side: int) -> Tensor:
    """The labels at the middles of `side` x `side` cells."""
    step = labels.shape[-1] // side
    return labels[..., step // 2 :: step, step // 2 :: step]


def _landmark_loss(maps: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Cross-entropy with a Gaussian of one cell plus distance in cells where the point is in the picture; of being seen."""
    heat = maps.flatten(2)[:, : len(LANDMARKS)]
    y, x = _cells(maps)
    height, width = maps.shape[-2:]
    dx, dy = (truth[..., :1] - x) * width, (truth[..., 1:2] - y) * height
    target = torch.softmax(-(dx**2 + dy**2) / 2, 2)
    entropy = -(target * torch.log_softmax(heat, 2)).sum(2)
    found = places(maps)
    away = ((found[..., :2] - truth[..., :2]) * truth.new_tensor([width, height])).norm(dim=2)
    inside = ((truth[..., :2] > 0) & (truth[..., :2] < 1)).all(2) & (truth[..., 2:].amax((1, 2)) > 0)[:, None]
    weight = inside * (0.2 + 0.8 * truth[..., 2])
    place = ((entropy + away.clamp_max(8)) * weight).sum() / weight.sum().clamp_min(1)
    seen = functional.binary_cross_entropy(found[..., 2].clamp(1e-6, 1 - 1e-6), truth[..., 2])
    return place, seen
