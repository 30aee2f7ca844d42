"""The file of a training run: written whole or not at all, read without running code from it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from training.networks.initial import load_initial
from training.recipe import Recipe

FILE = "checkpoint.pt"
FORMAT = 1


@dataclass(frozen=True)
class Settings:
    """What a run's result follows from; a run is resumed only under the same."""

    recipe: str
    width: float
    seed: int
    data: str
    batch_size: int
    stages: tuple[tuple[str, int, float, bool], ...]
    minutes: float | None
    init: str


@dataclass(frozen=True)
class Checkpoint:
    """A run between two steps. `average` holds the weights to use, `network` those that are trained."""

    settings: Settings
    stage: int
    stage_images: int
    images: int
    steps: int
    seconds: float
    done: bool
    network: Mapping[str, Tensor]
    average: Mapping[str, Tensor]
    optimiser: Mapping[str, Any]
    torch_version: str


def save(checkpoint: Checkpoint, folder: Path) -> Path:
    """Write `folder/checkpoint.pt` and return its path; an interrupted write leaves the former file."""
    folder.mkdir(parents=True, exist_ok=True)
    path, part = folder / FILE, folder / f"{FILE}.part"
    values = {item.name: getattr(checkpoint, item.name) for item in fields(checkpoint)}
    with part.open("wb") as file:
        torch.save({"format": FORMAT, **values, "settings": asdict(checkpoint.settings)}, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    return path


def load(path: Path) -> Checkpoint:
    """Read a checkpoint from its file or its folder; tensors are on the CPU.

    FileNotFoundError if there is none, ValueError if the file is something else.
    """
    path = path / FILE if path.is_dir() else path
    values = _read(path)
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise ValueError(f"{path}: not a checkpoint of `dermabooth models train`")
    stated = values.pop("settings")
    stages = tuple((str(n), int(i), float(r), bool(a)) for n, i, r, a in stated.pop("stages"))
    return Checkpoint(settings=Settings(**stated, stages=stages), **values)


def restore(recipe: Recipe, path: Path) -> nn.Module:
    """The trained network of a checkpoint, averaged weights, evaluation mode.

    ValueError if the checkpoint is another recipe's or its network has changed since.
    """
    checkpoint = load(path)
    if checkpoint.settings.recipe != recipe.name:
        raise ValueError(f"{path}: holds {checkpoint.settings.recipe}, not {recipe.name}")
    network = recipe.network(checkpoint.settings.width)
    try:
        network.load_state_dict(dict(checkpoint.average))
    except RuntimeError as error:
        raise ValueError(f"{path}: made by another version of this network; train again ({error})") from error
    return network.eval()


def initialise(network: nn.Module, path: Path) -> str:
    """Give the network the weights of a checkpoint, or of a state dict that fits by key and shape; says what it took.

    ValueError if nothing fits.
    """
    try:
        given = load(path)
    except ValueError:
        return str(load_initial(network, path))
    own = network.state_dict()
    fitting = {k: v for k, v in given.average.items() if k in own and v.shape == own[k].shape}
    if not fitting:
        raise ValueError(f"{path}: a checkpoint of {given.settings.recipe}, none of whose tensors fits here")
    network.load_state_dict(fitting, strict=False)
    return f"{len(fitting)} of {len(own)} tensors taken from {given.settings.recipe}"


def _read(path: Path) -> Any:
    if not path.is_file():
        raise FileNotFoundError(2, "no such checkpoint", str(path))
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, EOFError, OSError, KeyError, UnpicklingError) as error:
        raise ValueError(f"{path}: not tensors of torch.save, or broken ({error})") from error
