"""Published VGG13 weights as those of the encoder-decoder's encoder.

At width 2 the encoder's stages and bottleneck have the channels of VGG13 with batch norm (torchvision's `vgg13_bn`): five
pairs of convolutions, 64 to 512.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

STAGES = 5
PER_STAGE = 7
"""Layers of a stage in `features`: twice convolution, batch norm and ReLU, then the pooling."""
_NORM = ("weight", "bias", "running_mean", "running_var")


def is_vgg13(found: Mapping[str, Tensor]) -> bool:
    """Whether these are weights of `vgg13_bn`, by its last batch norm."""
    return "features.32.running_mean" in found and "features.35.weight" not in found


def as_encoder(found: Mapping[str, Tensor], in_channels: int) -> dict[str, Tensor]:
    """The convolutions and batch norms under the encoder-decoder's keys.

    A bias before a batch norm goes into its mean, which is the same function. The first convolution is repeated for
    every three planes and divided by their number, so that equal pictures give what one gave.
    """
    made: dict[str, Tensor] = {}
    for stage in range(STAGES):
        part = f"encoder.{stage}" if stage < STAGES - 1 else "bottleneck"
        for index in range(2):
            conv = f"features.{PER_STAGE * stage + 3 * index}"
            norm = f"features.{PER_STAGE * stage + 3 * index + 1}"
            layers = f"{part}.{index}"
            made[f"{layers}.0.weight"] = found[f"{conv}.weight"]
            made |= {f"{layers}.1.{name}": found[f"{norm}.{name}"] for name in _NORM}
            made[f"{layers}.1.running_mean"] = found[f"{norm}.running_mean"] - found[f"{conv}.bias"]
    made["encoder.0.0.0.weight"] = _repeated(made["encoder.0.0.0.weight"], in_channels)
    return made


def _repeated(weight: Tensor, channels: int) -> Tensor:
    times, rest = divmod(channels, weight.shape[1])
    return weight if rest or times < 2 else torch.cat([weight] * times, 1) / times
