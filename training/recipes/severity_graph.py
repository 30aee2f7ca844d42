"""The served severity model: k transforms, the grade with its distribution, a calibrated word of doubt, and the map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from training.networks.augmented import Augmented, Explained
from training.networks.cam import activation_maps
from training.networks.pictures import to_bytes
from training.networks.residual import SeverityNetwork
from training.recipe import Batch, Served, TensorSpec
from training.recipes.face_planes import normalised_face

SIDE = 224
GRADES = 5
DOUBT = 0.4
"""probability that the grade is wrong from which it is told as uncertain"""
SIGNS = (
    "spread of the distribution",
    "regressor against classifier",
    "distance to a limit",
    "spread over transforms",
)
"""what the doubt is computed from"""
_PENALTY = 1e-2
_EMPTY_QUANTILE = 0.9


@dataclass(frozen=True)
class Calibration:
    """What is set on held-out faces after training."""

    weights: tuple[float, ...]
    """of `SIGNS`, then the offset: the logit of a wrong grade"""
    doubt: float
    least: float
    """Activation of a map of full strength at least: what 9 of 10 faces without lesions stay under."""
    threshold: float
    """share of full strength below which the map is 0"""


class Explaining(nn.Module):
    """Planes to the estimate and the distribution [B,6], with the regressor's activation map."""

    def __init__(self, network: SeverityNetwork) -> None:
        super().__init__()
        self.encoder = network.encoder
        self.regressor, self.classifier = network.regressor, network.classifier

    def forward(self, planes: Tensor) -> Explained:
        """See the class."""
        features = self.encoder(planes)
        vector = features.mean((2, 3))
        estimate, distribution = self.regressor(vector), self.classifier(vector).softmax(1)
        weight = self.regressor.weight
        return Explained(torch.cat([estimate, distribution], 1), activation_maps(features, weight))


def signs(outputs: Tensor) -> Tensor:
    """`SIGNS` [B,4] of what the network said of each transform, [B,k,6]."""
    estimate, distribution, combined = combine(outputs)
    grades = torch.arange(GRADES, dtype=outputs.dtype, device=outputs.device)
    expected = (distribution * grades).sum(1)
    variance = (distribution * (grades - expected[:, None]) ** 2).sum(1)
    to_limit = 0.5 - (combined - torch.floor(combined + 0.5)).abs()
    single = 0.5 * (outputs[:, :, 0] + (outputs[:, :, 1:] * grades).sum(2))
    over = (single - single.mean(1, keepdim=True)).abs().mean(1)
    return torch.stack([variance.clamp_min(1e-6).sqrt(), (estimate - expected).abs(), to_limit, over], 1)


def combine(outputs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Estimate [B], distribution [B,5] and severity [B] (the mean of both, not rounded) over the transforms."""
    mean = outputs.mean(1)
    estimate, distribution = mean[:, 0], mean[:, 1:]
    grades = torch.arange(GRADES, dtype=outputs.dtype, device=outputs.device)
    return estimate, distribution, 0.5 * (estimate + (distribution * grades).sum(1))


class ServedSeverity(nn.Module):
    """Normalised faces uint8 [B,224,224,3] to grade, distribution, estimate, uncertain and heat map."""

    weights: Tensor

    def __init__(self, network: SeverityNetwork, k: int, calibration: Calibration) -> None:
        super().__init__()
        self.augmented = Augmented(
            Explaining(network), SIDE, k, threshold=calibration.threshold, least=calibration.least
        )
        self.limit = float(np.log(calibration.doubt / (1 - calibration.doubt)))
        self.register_buffer("weights", torch.tensor(calibration.weights, dtype=torch.float32))

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """See the class."""
        outputs, heatmap = self.augmented(normalised_face(image))
        estimate, distribution, combined = combine(outputs)
        grade = torch.floor(combined + 0.5).clamp(0, GRADES - 1)
        doubt = (signs(outputs) * self.weights[:-1]).sum(1) + self.weights[-1]
        # TensorRT makes bytes of floats only, and last.
        uncertain = (doubt > self.limit)[:, None].to(torch.float32).to(torch.uint8)
        return grade[:, None], distribution, estimate[:, None], uncertain, to_bytes(heatmap)


def calibrate(network: SeverityNetwork, batches: list[Batch], k: int, threshold: float) -> Calibration:
    """Logistic regression of wrong grades on `SIGNS`, and how strong the maps of clear faces get."""
    network.eval()
    device = next(network.parameters()).device
    augmented = Augmented(Explaining(network), SIDE, k, threshold=0.0).to(device).eval()
    rows, wrong, peaks = [], [], []
    with torch.no_grad():
        for batch in batches:
            planes, grade = normalised_face(batch["image"].to(device)), batch["grade"].to(device)
            outputs = augmented(planes).outputs
            rows.append(signs(outputs))
            said = torch.floor(combine(outputs)[2] + 0.5).clamp(0, GRADES - 1)
            wrong.append((said != grade).float())
            strength = activation_maps(network.encoder(planes), network.regressor.weight).amax((1, 2, 3))
            peaks.append(strength[grade == 0])
    clear = torch.cat(peaks)
    least = float(torch.quantile(clear, _EMPTY_QUANTILE)) if clear.numel() else 0.0
    return Calibration(_logistic(torch.cat(rows), torch.cat(wrong)), DOUBT, least, threshold)


def _logistic(rows: Tensor, wrong: Tensor) -> tuple[float, ...]:
    """Weights and offset of a penalised logistic regression; doubles, for the same result everywhere."""
    x, y = rows.double(), wrong.double()
    scale = x.std(0).clamp_min(1e-6) if len(x) > 1 else torch.ones_like(x[0])
    x = torch.cat([x / scale, torch.ones_like(x[:, :1])], 1)
    w = torch.zeros(x.shape[1], dtype=torch.float64, device=x.device)
    penalty = torch.full_like(w, _PENALTY * len(x))
    penalty[-1] = 1e-6
    for _ in range(30):  # Newton's method, which converges in fewer
        p = torch.sigmoid(x @ w)
        slope = x.T @ (p - y) + penalty * w
        curve = (x * (p * (1 - p))[:, None]).T @ x + torch.diag(penalty)
        w = w - torch.linalg.solve(curve, slope)
    w[:-1] /= scale
    return tuple(float(each) for each in w)


def served(network: SeverityNetwork, k: int, calibration: Calibration) -> Served:
    """The model of `k` transforms."""
    told = {
        "augmentations": str(k),
        "geometry": "similarity: the point between the eyes at row 85, column 112; 1.3 px/mm",
        "uncertain": " + ".join(
            f"{weight:.4f} * {sign}" for weight, sign in zip(calibration.weights, SIGNS, strict=False)
        )
        + f" + {calibration.weights[-1]:.4f} > logit({calibration.doubt})",
        "map_threshold": f"{calibration.threshold:.3f}",
    }
    outputs = (
        TensorSpec("grade", np.dtype(np.float32), (1,)),
        TensorSpec("distribution", np.dtype(np.float32), (GRADES,)),
        TensorSpec("estimate", np.dtype(np.float32), (1,)),
        TensorSpec("uncertain", np.dtype(np.uint8), (1,)),
        TensorSpec("heatmap", np.dtype(np.uint8), (SIDE, SIDE)),
    )
    image = TensorSpec("image", np.dtype(np.uint8), (SIDE, SIDE, 3))
    return Served(ServedSeverity(network, k, calibration).eval(), (image,), outputs, told)
