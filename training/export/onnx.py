"""Writes trained networks into a Triton model repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from training.export.config import write_config
from training.export.constants import settled
from training.export.edges import edged
from training.export.equality import GRAPH, STORED, Differences, compared
from training.export.fusion import fused
from training.export.operators import obstacles
from training.export.precision import halved
from training.export.tidy import tidied
from training.export.trace import example, traced

if TYPE_CHECKING:
    from torch import Tensor, nn

    from training.recipe import Recipe, Served

BATCHES = (1, 3)
"""Sizes that the file is tried with."""


@dataclass(frozen=True)
class Exported:
    """A written model file."""

    name: str
    path: Path
    size: int
    """Bytes."""
    graph: Differences
    """From PyTorch, with weights of 32 bits."""
    stored: Differences
    """From PyTorch, with weights of 16 bits as they are in the file."""
    obstacles: tuple[str, ...]
    """Why TensorRT cannot take it; empty if it can."""


def export(recipe: Recipe, network: nn.Module, out_dir: Path, version: int = 1) -> tuple[Exported, ...]:
    """Write `out_dir/NAME/version/model.onnx` for everything the recipe serves; weights in FP16, computed in FP32.

    A file is tried against PyTorch on noise and on pictures of the phantom before it is put in place;
    `ExportMismatch` says where it differs. The same network gives the same bytes. A model without `config.pbtxt` gets one.
    """
    served = {recipe.name: recipe.served(network), **recipe.variants(network)}
    phantom = _phantom(served[recipe.name])
    return tuple(_export(name, each, phantom, out_dir, version) for name, each in served.items())


def _export(
    name: str, served: Served, phantom: Sequence[tuple[Tensor, ...]], out_dir: Path, version: int
) -> Exported:
    batches = [*(example(served.inputs, size) for size in BATCHES), *phantom]
    whole = tidied(edged(settled(fused(traced(served)))), served, name, f"{name}, trained by dermabooth.")
    graph = compared(whole, served, batches, GRAPH)
    model = halved(whole)
    stored = compared(model, served, batches, STORED)
    path = out_dir / name / str(version) / "model.onnx"
    data = model.SerializeToString(deterministic=True)
    _put(path, data)
    write_config(name, served, out_dir / name)
    return Exported(name, path, len(data), graph, stored, tuple(obstacles(model)))


def _put(path: Path, data: bytes) -> None:
    """Write by a rename, so that a server never sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)


def _phantom(served: Served) -> Sequence[tuple[Tensor, ...]]:
    """A batch of two pieces of phantom skin, where the served model takes one picture of three or six channels."""
    import torch

    from phantom.swatch import Law, swatch

    shape = served.inputs[0].shape
    if len(served.inputs) > 1 or len(shape) != 3 or shape[0] != shape[1] or shape[2] not in (3, 6):
        return []
    pieces = [swatch(seed, Law.training(), side=shape[0]).pictures for seed in range(2)]
    both = [np.concatenate([each["parallel_polarised"], each["cross_polarised"]], 2) for each in pieces]
    return [(torch.from_numpy(np.ascontiguousarray(np.stack(both)[..., : shape[2]])),)]
