"""A running mean of a network's weights, which is what a run yields (Polyak averaging)."""

from __future__ import annotations

import copy

import torch
from torch import nn

LONGEST = 0.995
"""The decay that the mean grows to; before it is (1 + n) / (10 + n) at step n."""


class Average:
    """Mean of weights and of floating buffers (batch-norm statistics); integers are copied."""

    def __init__(self, network: nn.Module) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def add(self, network: nn.Module, step: int) -> None:
        """Move the mean towards `network` after step number `step`."""
        weight = 1.0 - min(LONGEST, (1.0 + step) / (10.0 + step))
        new = network.state_dict()
        for name, mean in self.network.state_dict().items():
            if mean.dtype.is_floating_point:
                mean.lerp_(new[name], weight)
            else:
                mean.copy_(new[name])
