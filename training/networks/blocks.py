"""Layers that several networks are built of."""

import math

import torch
from torch import Tensor, nn


def scaled(channels: int, width: float) -> int:
    """`channels` of the paper at that width, to the nearest multiple of 4 and at least 4."""
    return max(4, 4 * round(channels * width / 4))


def conv_bn_relu(inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    """Convolution that keeps (or divides by `stride`) height and width, batch norm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


def initialise(network: nn.Module) -> None:
    """Weights for ReLU networks trained from scratch (He et al., ICCV 2015); batch norms start as the identity."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.ones_(module.weight)
            nn.init.zeros_(module.bias)


def pooled(features: Tensor) -> Tensor:
    """Mean over height and width: [B,K,h,w] to [B,K]."""
    return features.mean((2, 3))


def sharply_pooled(scores: Tensor, sharpness: float) -> Tensor:
    """Between mean (0) and maximum (large) over height and width: [B,C,h,w] to [B,C] by the log of the mean exponential.

    P. Pinheiro and R. Collobert, "From image-level to pixel-level labeling with convolutional networks", CVPR 2015. The
    gradient over the cells sums to 1, so that Grad-CAM is the class activation map, as with the mean (see `cam`).
    """
    cells = scores.shape[2] * scores.shape[3]
    return (torch.logsumexp(scores * sharpness, (2, 3)) - math.log(cells)) / sharpness
