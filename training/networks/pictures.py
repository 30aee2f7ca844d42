"""From bytes to the planes that networks see, and back; the same in training and in the served graph."""

import torch
from torch import Tensor

MEAN = (0.485, 0.456, 0.406)
"""Of ImageNet, sRGB in 0..1; what published weights were trained with."""

DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet, sRGB in 0..1."""

DARKEST = 4e-3
"""Linear light that optical density is held at, below it."""


def planes(image: Tensor) -> Tensor:
    """uint8 [B,H,W,C] to float32 [B,C,H,W] in 0..1.

    Bytes become floats before anything else: TensorRT takes uint8 in and out of a network, but not through it.
    """
    return image.to(torch.float32).permute(0, 3, 1, 2) / 255.0


def standardised(srgb: Tensor) -> Tensor:
    """Planes [B,3,H,W] of 0..1, less the mean and over the deviation of ImageNet."""
    mean = srgb.new_tensor(MEAN)[:, None, None]
    return (srgb - mean) / srgb.new_tensor(DEVIATION)[:, None, None]


def linear(srgb: Tensor) -> Tensor:
    """Linear light of encoded samples in 0..1 (IEC 61966-2-1)."""
    curve = ((srgb.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(srgb <= 0.04045, srgb / 12.92, curve)


def encoded(light: Tensor) -> Tensor:
    """Encoded samples of linear light in 0..1, the inverse of `linear`."""
    curve = 1.055 * light.clamp_min(0.0031308) ** (1 / 2.4) - 0.055
    return torch.where(light <= 0.0031308, light * 12.92, curve)


def optical_density(srgb: Tensor) -> Tensor:
    """Minus the natural logarithm of linear light; light below `DARKEST` is held there."""
    return -torch.log(linear(srgb).clamp_min(DARKEST))


def to_bytes(values: Tensor) -> Tensor:
    """Values in 0..1 to uint8, rounded half up."""
    return torch.floor(values.clamp(0.0, 1.0) * 255.0 + 0.5).to(torch.uint8)


def indices(logits: Tensor) -> Tensor:
    """The largest of the classes of every pixel: [B,C,H,W] to uint8 [B,H,W]; by way of floats, for TensorRT."""
    return logits.argmax(1).to(torch.float32).to(torch.uint8)
