"""Acne severity 0 to 4 of a normalised face, after the patent family 74116962 (L'Oréal, ModiFace).

A residual encoder, global pooling, a regressor and a classifier; loss w1 MSE + w2 CE + cross-entropies of auxiliary
tasks. Lesions of a few pixels are not found from image labels alone, so a dense head tells the encoder where they are.
Auxiliary and dense heads are not served.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import Dataset

from training.datasets.files import CACHE
from training.datasets.normalised import NormalisedFaces, normalised_already
from training.datasets.tables import UNKNOWN
from training.networks.residual import FineEncoder, Graded, SeverityNetwork
from training.recipe import Batch, Normaliser, Preparing, Recipe, Served, Split, Stage
from training.recipes.face_planes import normalised_face

GRADES = 5
AUXILIARY: Mapping[str, int] = MappingProxyType({"ita": 6, "illumination": 3})
"""Tasks of the shipped weights; `gender` and `ethnicity` are possible with data that has them, and are never served."""
_CALIBRATION_SEED = 5


class AcneSeverity(Recipe):
    """`auxiliary` names the auxiliary tasks and their numbers of classes; a task counts where a batch has its labels.

    `cache` keeps the normalised faces of a folder.
    """

    name = "acne_severity"
    default_width = 0.375
    batch_size = 16
    weight_decay = 2e-2
    stages = (
        Stage("plain", 7_200, 3e-3, augmented=False),
        Stage("augmented", 9_600, 1.5e-3, augmented=True),
    )
    regression_weight = 0.5
    classification_weight = 1.0
    auxiliary_weight = 0.1
    lesion_weight = 6.0
    lesion_gain = 4.0
    """weight of cells with a lesion"""
    smoothing = 0.05
    transforms = 4
    """of the served model's map; 2 to 20 as the patent has it, 1 for none"""
    map_threshold = 0.6
    calibration_images = 240

    def __init__(self, auxiliary: Mapping[str, int] = AUXILIARY, cache: Path = CACHE) -> None:
        self.auxiliary = dict(auxiliary)
        self._cache = cache / "normalised"
        self._normalised: NormalisedFaces | None = None
        self._calibrating: list[Batch] = []

    def network(self, width: float) -> nn.Module:
        """See `Recipe.network`; width 1 has stages of 64, 128 and 256 channels."""
        network = SeverityNetwork(FineEncoder(width), GRADES, self.auxiliary)
        if network.lesions.bias is not None:
            nn.init.constant_(network.lesions.bias, -3.0)
        return network

    def prepare(self, data: Path | None, normaliser: Normaliser, heard: Preparing) -> None:
        """See `Recipe.prepare`; draws heads, or brings the faces of a folder into the served geometry."""
        if data is None:
            from training.datasets import faces

            faces.prepare(heard)
            return
        from training.datasets.ffhq import table

        self._normalised = NormalisedFaces(self._cache, normaliser)
        self._normalised.make([row.path for row in table(data)], heard)

    def dataset(
        self, split: Split, stage: Stage, seed: int, data: Path | None
    ) -> Dataset[dict[str, NDArray[Any]]]:
        """See `Recipe.dataset`; a folder holds faces and a table of grades.

        Faces that `prepare` has not normalised are taken as they are, and have to be of 224 px.
        """
        if data is not None:
            from training.datasets.ffhq import GradedFaces

            shown = self._normalised or normalised_already
            return GradedFaces(data, split, shown, seed=seed, augmented=stage.augmented)
        from training.datasets.faces import Faces

        return Faces(split, stage, seed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """See `Recipe.loss`."""
        said: Graded = network(normalised_face(batch["image"]))
        grade = batch["grade"].long()
        target = batch.get("severity", grade).to(said.estimate.dtype)
        parts = {
            "regression": functional.mse_loss(said.estimate[:, 0], target),
            "classification": functional.cross_entropy(said.logits, grade, label_smoothing=self.smoothing),
        }
        loss = (
            self.regression_weight * parts["regression"]
            + self.classification_weight * parts["classification"]
        )
        for name in self.auxiliary.keys() & batch.keys():
            label = batch[name].long()
            parts[name] = functional.cross_entropy(
                said.auxiliary[name], label, ignore_index=UNKNOWN, reduction="sum"
            ) / (label != UNKNOWN).sum().clamp_min(1)
            loss = loss + self.auxiliary_weight * parts[name]
        if "lesions" in batch:
            parts["lesions"] = functional.binary_cross_entropy_with_logits(
                said.lesions[:, 0], batch["lesions"], pos_weight=said.lesions.new_tensor(self.lesion_gain)
            )
            loss = loss + self.lesion_weight * parts["lesions"]
        return loss, {name: part.detach() for name, part in parts.items()}

    def check(self, network: nn.Module, batch: Batch) -> Mapping[str, float]:
        """Share of exact grades, share within one, and mean absolute error."""
        with torch.no_grad():
            said: Graded = network(normalised_face(batch["image"]))
        error = (grade_of(said.estimate, said.logits.softmax(1)) - batch["grade"]).abs().float()
        return {
            "exact": float((error == 0).float().mean()),
            "within_one": float((error <= 1).float().mean()),
            "error": float(error.mean()),
        }

    def served(self, network: nn.Module) -> Served:
        """See `Recipe.served`; calibrates on altered faces of heads that were not trained on."""
        return self._served(network, self.transforms)

    def variants(self, network: nn.Module) -> Mapping[str, Served]:
        """The fast mode: the picture as it is, once."""
        return {"acne_severity_fast": self._served(network, 1)}

    def _served(self, network: nn.Module, k: int) -> Served:
        from training.recipes.severity_graph import calibrate, served

        if not isinstance(network, SeverityNetwork):
            raise TypeError(f"{type(network).__name__} is no severity network")
        found = calibrate(network, self._held_out(), k, self.map_threshold)
        return served(network, k, found)

    def _held_out(self) -> list[Batch]:
        """Altered faces of heads that were not trained on; made once for all variants."""
        from training.datasets.faces import Faces
        from training.order import first

        if not self._calibrating:
            faces = Faces("check", self.stages[-1], _CALIBRATION_SEED, altered=True)
            self._calibrating = list(first(faces, self.calibration_images, self.batch_size))
        return self._calibrating


def grade_of(estimate: Tensor, distribution: Tensor) -> Tensor:
    """Integer severity [B]: the mean of the regressor's estimate [B,1] and of the distribution [B,5], rounded."""
    grades = torch.arange(distribution.shape[1], dtype=distribution.dtype, device=distribution.device)
    both = 0.5 * (estimate[:, 0] + (distribution * grades).sum(1))
    return torch.floor(both + 0.5).clamp(0, distribution.shape[1] - 1)
