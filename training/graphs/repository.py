"""Writes the training-free models into a Triton model repository."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import onnx

from training.graphs import chromophores, face_layers, fluorescence

GRAPHS: Mapping[str, Callable[[], onnx.ModelProto]] = MappingProxyType(
    {
        "chromophores": chromophores.build,
        "chromophores_linear": chromophores.build_linear,
        "face_layers": face_layers.build,
        "face_layers_still": face_layers.build,
        "fluorescence": fluorescence.build,
    }
)
"""Training-free models by name."""


def write(name: str, out_dir: Path, version: int = 1) -> Path:
    """Write `out_dir/name/version/model.onnx` and return its path; the same bytes every time.

    `KeyError` if there is no such model.
    """
    model = GRAPHS[name]()
    path = out_dir / name / str(version) / "model.onnx"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
    return path
