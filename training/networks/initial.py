"""Weights from elsewhere: ImageNet state dicts by key and shape."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from training.networks.encoder_decoder import EncoderDecoder
from training.networks.residual import ResNet18
from training.networks.vgg_encoder import as_encoder, is_vgg13


class BadWeights(ValueError):
    """A file of weights that cannot be used; the message says why."""


@dataclass(frozen=True)
class Taken:
    """What a network took from a file."""

    taken: tuple[str, ...]
    """Keys of the network that now hold the file's values."""
    reshaped: tuple[str, ...]
    """Keys that both have in different shapes: another width, or another number of classes."""
    unknown: tuple[str, ...]
    """Keys of the file that the network lacks."""
    missing: tuple[str, ...]
    """Keys of the network that the file lacks."""

    def __str__(self) -> str:
        lines = [f"{len(self.taken)} tensors taken"]
        rest = (("other shape", self.reshaped), ("not used", self.unknown), ("not in the file", self.missing))
        lines += [f"{len(keys)} {words}: {_some(keys)}" for words, keys in rest if keys]
        return "; ".join(lines)


def _some(keys: tuple[str, ...]) -> str:
    return ", ".join(keys[:4]) + (", …" if len(keys) > 4 else "")


def load_initial(network: nn.Module, file: Path) -> Taken:
    """Give `network` every tensor of the state dict in `file` that fits by key and shape.

    Keys may be those of a part of the network: a ResNet18's go to the encoder or context path, wherever it stands.
    VGG13's go to the encoder of an encoder-decoder. DenseNet's keys before torchvision 0.3 (`norm.1`, `conv.2`) are
    read too. `BadWeights` if nothing fits.
    """
    found = _translated(_read(file), network)
    own = network.state_dict()
    prefix = _prefix(network, found, own)
    named = {prefix + _modern(key): value for key, value in found.items()}
    fits = {key: value for key, value in named.items() if key in own and value.shape == own[key].shape}
    if not any(value.ndim > 1 for value in fits.values()):
        raise BadWeights(f"{file.name}: no weight fits; the network at width 1 has the published shapes")
    network.load_state_dict(fits, strict=False)
    return Taken(
        tuple(fits),
        tuple(key for key in named if key in own and key not in fits),
        tuple(key for key in named if key not in own),
        tuple(key for key in own if key not in named and not key.endswith("num_batches_tracked")),
    )


def _read(file: Path) -> Mapping[str, Tensor]:
    """Tensors only: nothing in the file is run."""
    try:
        read: Any = torch.load(file, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, OSError) as error:
        raise BadWeights(f"{file.name} is not a PyTorch state dict: {error}") from error
    if isinstance(read, Mapping) and isinstance(read.get("state_dict"), Mapping):
        read = read["state_dict"]
    if not isinstance(read, Mapping) or not all(isinstance(each, Tensor) for each in read.values()):
        raise BadWeights(f"{file.name} is not a PyTorch state dict: it holds other things than tensors")
    return {str(key).removeprefix("module."): value for key, value in read.items()}


def _translated(found: Mapping[str, Tensor], network: nn.Module) -> Mapping[str, Tensor]:
    for name, module in network.named_modules():
        if isinstance(module, EncoderDecoder) and is_vgg13(found):
            path = f"{name}." if name else ""
            first = module.state_dict()["encoder.0.0.0.weight"]
            return {path + key: value for key, value in as_encoder(found, first.shape[1]).items()}
    return found


def _prefix(network: nn.Module, found: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> str:
    """Where in the network the file's keys belong: the part that knows most of them."""
    inner = [f"{name}." for name, module in network.named_modules() if name and isinstance(module, ResNet18)]
    return max(["", *inner], key=lambda prefix: sum(prefix + _modern(key) in own for key in found))


def _modern(key: str) -> str:
    """The present key of a dense layer in torchvision: `norm1` for `norm.1`."""
    head, _, tail = key.partition(".denselayer")
    for old in ("norm.1", "norm.2", "conv.1", "conv.2"):
        tail = tail.replace(f".{old}.", f".{old.replace('.', '')}.")
    return f"{head}.denselayer{tail}" if tail else key
