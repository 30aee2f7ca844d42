"""Class activation maps, computed in the forward pass.

B. Zhou et al., "Learning deep features for discriminative localization", CVPR 2016. For a linear head on globally
pooled features, y_c = b_c + sum_k w_ck mean(A_k), the gradient of y_c by A_k is w_ck / (h w) everywhere, so that
Grad-CAM (R. Selvaraju et al., ICCV 2017), ReLU(sum_k w_ck A_k) / (h w), is the class activation map: no gradient is needed.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional


class Classified(NamedTuple):
    """What a classifier with a pooled linear head says."""

    features: Tensor
    """[B,K,h,w], before pooling."""
    logits: Tensor
    """[B,classes]."""


def activation_maps(features: Tensor, weight: Tensor) -> Tensor:
    """Grad-CAM of every output of a pooled linear head.

    `features` [B,K,h,w] and the head's `weight` [C,K] give [B,C,h,w], not negative.
    """
    height, width = features.shape[2:]
    maps = functional.conv2d(features, weight[:, :, None, None])
    return functional.relu(maps) / (height * width)


def enlarged(maps: Tensor, height: int, width: int) -> Tensor:
    """Maps [B,C,h,w] at the size of the picture, bilinear."""
    return functional.interpolate(maps, size=(height, width), mode="bilinear", align_corners=False)


def normalised(maps: Tensor, least: float = 0.0) -> Tensor:
    """Maps [B,C,H,W] in 0..1: each divided by its maximum, or by `least` where that is more; a map of zeros stays one."""
    highest: Tensor = torch.amax(maps, (2, 3), keepdim=True)
    return maps / highest.clamp_min(max(least, 1e-12))
