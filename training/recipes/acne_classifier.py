"""Acne or none on a masked crop of facial skin, after Quattrini et al. (2022): DenseNet, label smoothing, class weights.

Lesions of a few pixels drown in a label for the whole picture, so a dense head at 1/8 tells the second block where they
are; it is not served.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from training.networks.blocks import pooled
from training.networks.cam import Classified, activation_maps, enlarged, normalised
from training.networks.densenet import DenseNet
from training.networks.pictures import to_bytes
from training.recipe import Batch, Normaliser, Preparing, Recipe, Served, Split, Stage, TensorSpec
from training.recipes.face_planes import masked_skin

CLASSES = ("no acne", "acne")
SIDE = 224
_CALIBRATION_SEED = 5


class Located(NamedTuple):
    """What the network says of a batch while it is trained."""

    classified: Classified
    lesions: Tensor
    """Logits of lesions, [B,1,28,28]"""


class AcneNetwork(nn.Module):
    """A DenseNet with a dense head on its second block."""

    def __init__(self, width: float) -> None:
        super().__init__()
        self.densenet = DenseNet(len(CLASSES), width)
        transition = self.densenet.features.get_submodule("transition2.norm")
        assert isinstance(transition, nn.BatchNorm2d)
        channels = transition.num_features
        self.lesions = nn.Sequential(
            nn.BatchNorm2d(channels), nn.ReLU(inplace=False), nn.Conv2d(channels, 1, 1)
        )
        last = self.lesions[-1]
        if isinstance(last, nn.Conv2d) and last.bias is not None:
            nn.init.constant_(last.bias, -3.0)

    def forward(self, planes: Tensor) -> Located:
        """See `Located`."""
        tensor, dense = planes, planes
        for name, layer in self.densenet.features.named_children():
            tensor = layer(tensor)
            if name == "denseblock2":
                dense = tensor
        features = functional.relu(tensor)
        return Located(Classified(features, self.densenet.classifier(pooled(features))), self.lesions(dense))


@dataclass(frozen=True)
class OperatingPoint:
    """What is set on held-out crops after training."""

    offset: float = 0.0
    """added to the logit of acne, so that the classes part at one half"""
    least: float = 0.0
    """Activation of a map of full strength at least: what 9 of 10 crops without acne stay under."""


class ServedClassifier(nn.Module):
    """Masked crops uint8 [B,224,224,3] to probabilities [B,2] and the heat map of acne uint8 [B,224,224]."""

    offset: Tensor

    def __init__(self, densenet: DenseNet, point: OperatingPoint) -> None:
        super().__init__()
        self.densenet = densenet
        self.least = point.least
        self.register_buffer("offset", torch.tensor([[0.0, point.offset]]))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        said = self.densenet(masked_skin(image))
        weight = self.densenet.classifier.weight
        maps = activation_maps(said.features, weight[1:] - weight[:1])
        shown = normalised(enlarged(maps, SIDE, SIDE), self.least)[:, 0]
        return (said.logits + self.offset).softmax(1), to_bytes(shown)


def operating_point(network: AcneNetwork, batches: list[Batch]) -> OperatingPoint:
    """Where the mean F1 of both classes is highest; the middle of where it is within 0.005 of that."""
    network.eval()
    device = next(network.parameters()).device
    weight = network.densenet.classifier.weight
    margins, truths, peaks = [], [], []
    with torch.no_grad():
        for batch in batches:
            said = network.densenet(masked_skin(batch["image"].to(device)))
            margins.append(said.logits[:, 1] - said.logits[:, 0])
            truths.append(batch["acne"].to(device) > 0)
            peaks.append(activation_maps(said.features, weight[1:] - weight[:1]).amax((1, 2, 3)))
    margin, acne, peak = torch.cat(margins), torch.cat(truths), torch.cat(peaks)
    limits = torch.linspace(-2, 2, 81, device=device)
    scores = torch.stack([_mean_f1(margin > limit, acne) for limit in limits])
    best = limits[scores >= scores.max() - 0.005]
    least = float(torch.quantile(peak[~acne], 0.9)) if bool((~acne).any()) else 0.0
    return OperatingPoint(-float(best.mean()), least)


def _mean_f1(said: Tensor, acne: Tensor) -> Tensor:
    scores = [
        2 * (one & other).sum() / (one.sum() + other.sum()).clamp_min(1)
        for one, other in ((said, acne), (~said, ~acne))
    ]
    return torch.stack(scores).mean()


class AcneClassifier(Recipe):
    """`class_shares` are the classes' shares of the data, from which their weights in the loss follow."""

    name = "acne_classifier"
    default_width = 0.25
    batch_size = 16
    weight_decay = 1e-2
    stages = (
        Stage("plain", 7_200, 3e-3, augmented=False),
        Stage("augmented", 4_800, 1.5e-3, augmented=True),
    )
    smoothing = 0.1
    lesion_weight = 6.0
    lesion_gain = 4.0
    calibration_images = 240

    def __init__(self, class_shares: tuple[float, float] = (0.5, 0.5)) -> None:
        self.class_weights = (0.5 / class_shares[0], 0.5 / class_shares[1])

    def network(self, width: float) -> nn.Module:
        """See `Recipe.network`; width 1 is DenseNet121."""
        return AcneNetwork(width)

    def prepare(self, data: Path | None, normaliser: Normaliser, heard: Preparing) -> None:
        """See `Recipe.prepare`; draws heads."""
        if data is None:
            from training.datasets import faces

            faces.prepare(heard)

    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        """See `Recipe.dataset`; a folder holds skin crops and a table of grades, whose shares become the classes' weights."""
        if data is not None:
            from training.datasets.ffhq import GradedSkin, table

            share = float(np.clip(np.mean([row.grade > 0 for row in table(data)]), 0.01, 0.99))
            self.class_weights = (0.5 / (1 - share), 0.5 / share)
            return GradedSkin(data, split, seed=seed, augmented=stage.augmented)
        from training.datasets.faces import SkinCrops

        return SkinCrops(split, stage, seed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """See `Recipe.loss`."""
        said: Located = network(masked_skin(batch["image"]))
        logits = said.classified.logits
        parts = {
            "classification": functional.cross_entropy(
                logits,
                batch["acne"].long(),
                weight=logits.new_tensor(self.class_weights),
                label_smoothing=self.smoothing,
            )
        }
        loss = parts["classification"]
        if "lesions" in batch:
            parts["lesions"] = functional.binary_cross_entropy_with_logits(
                said.lesions[:, 0], batch["lesions"], pos_weight=logits.new_tensor(self.lesion_gain)
            )
            loss = loss + self.lesion_weight * parts["lesions"]
        return loss, {name: part.detach() for name, part in parts.items()}

    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Share of right answers in each class."""
        with torch.no_grad():
            said: Located = network(masked_skin(batch["image"]))
        right = said.classified.logits.argmax(1) == batch["acne"]
        return {"right": float(right.float().mean())}

    def served(self, network: nn.Module) -> Served:
        """See `Recipe.served`; the operating point is set on altered crops of heads that were not trained on."""
        if not isinstance(network, AcneNetwork):
            raise TypeError(f"{type(network).__name__} is no acne network")
        from training.datasets.faces import SkinCrops
        from training.order import first

        crops = SkinCrops("check", self.stages[-1], _CALIBRATION_SEED, altered=True)
        point = operating_point(network, list(first(crops, self.calibration_images, self.batch_size)))
        return Served(
            ServedClassifier(network.densenet, point).eval(),
            (TensorSpec("image", np.dtype(np.uint8), (SIDE, SIDE, 3)),),
            (
                TensorSpec("probability", np.dtype(np.float32), (len(CLASSES),)),
                TensorSpec("heatmap", np.dtype(np.uint8), (SIDE, SIDE)),
            ),
            {
                "classes": ",".join(CLASSES),
                "offset": f"{point.offset:.4f}",
                "crop": "smallest square around the box of the skin mask, 0 outside the mask",
            },
        )
