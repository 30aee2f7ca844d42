"""What the networks say with the map that explains it."""

import torch
from torch import Tensor, nn

from training.networks.augmented import Explained
from training.networks.cam import activation_maps


class ExplainedClass(nn.Module):
    """Probabilities [B,classes] of a `Classified` network, and the map of class number `index`."""

    def __init__(self, network: nn.Module, index: int) -> None:
        super().__init__()
        self.network = network
        self.index = index

    def forward(self, planes: Tensor) -> Explained:
        """See the class."""
        features, logits = self.network(planes)
        weight = self.network.get_submodule("classifier").get_parameter("weight")
        return Explained(logits.softmax(1), activation_maps(features, weight[self.index : self.index + 1]))


class ExplainedSeverity(nn.Module):
    """Estimate of the regressor and distribution of the classifier, [B,1+grades], and the map of the regressor."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: Tensor) -> Explained:
        """See the class."""
        graded = self.network(planes)
        weight = self.network.get_submodule("regressor").get_parameter("weight")
        outputs = torch.cat([graded.estimate, graded.logits.softmax(1)], 1)
        return Explained(outputs, activation_maps(graded.features, weight))
