"""What is served: names, tensors and scales of the models, and the identity of their files."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from server.inference.learned import Tensor

_IMAGE: Tensor = ("UINT8", (-1, -1, -1, 3))
_MAP: Tensor = ("UINT8", (-1, -1, -1))
_LAYERS: Final[Mapping[str, Tensor]] = MappingProxyType(
    {
        "image": _IMAGE,
        "box": ("FP32", (-1, 4)),
        "skin": _MAP,
        "melanin": _MAP,
        "redness": _MAP,
        "reflection": _MAP,
    }
)

TENSORS: Final[Mapping[str, Mapping[str, Tensor]]] = MappingProxyType(
    {
        "chromophores": {"image": _IMAGE, "melanin": _MAP, "haemoglobin": _MAP},
        "chromophores_linear": {
            "image": ("UINT16", (-1, -1, -1, 3)),
            "levels": ("FP32", (-1, 2)),
            "melanin": _MAP,
            "haemoglobin": _MAP,
        },
        "face_layers": _LAYERS,
        "face_layers_still": _LAYERS,
        "live": _LAYERS,
    }
)
"""Every input and output of every model that needs no training."""

SKIN_FROM: Final = 128
"""Values of a skin map from here on are skin."""

MAX_BATCH: Final = 8
"""Pictures of one live request at most."""


@dataclass(frozen=True)
class Scale:
    """The linear scale of an 8-bit map: quantity = (value - zero) / per_unit."""

    per_unit: float
    zero: float
    unit: str

    def quantity(self, values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Map values, of any shape, in `unit`."""
        return (values.astype(np.float32) - np.float32(self.zero)) / np.float32(self.per_unit)


SCALES: Final[Mapping[str, Scale]] = MappingProxyType(
    {
        "melanin": Scale(60.0, 15.0, "optical density"),
        "haemoglobin": Scale(60.0, 15.0, "optical density"),
        "redness": Scale(240.0, 0.0, "optical density"),
        "reflection": Scale(1020.0, 0.0, "fraction of white"),
    }
)
"""Scales of the maps; the graphs carry the same numbers in their properties."""


@dataclass(frozen=True)
class ModelInfo:
    """Which model made a result."""

    name: str
    version: int
    sha256: str
    """Of `model.onnx` or `model.plan`; of an ensemble: of its configuration and its members' hashes."""


def model_infos(repository: Path, *, without: Collection[str] = ()) -> list[ModelInfo]:
    """Every model of a repository, by name; `without` are those that nobody asks, which sign no result."""
    names = sorted(path.parent.name for path in repository.glob("*/config.pbtxt"))
    return [model_info(repository, name) for name in names if name not in without]


def model_info(repository: Path, name: str) -> ModelInfo:
    """The newest version of one model; `FileNotFoundError` if the repository lacks it."""
    folder = repository / name
    config = (folder / "config.pbtxt").read_bytes()
    version = max((int(path.name) for path in folder.iterdir() if path.name.isdigit()), default=1)
    weights = sorted((folder / str(version)).glob("model.*"))
    if weights:
        return ModelInfo(name, version, hashlib.sha256(weights[0].read_bytes()).hexdigest())
    digest = hashlib.sha256(config)
    for member in re.findall(rb'model_name:\s*"([^"]+)"', config):
        digest.update(model_info(repository, member.decode()).sha256.encode())
    return ModelInfo(name, version, digest.hexdigest())
