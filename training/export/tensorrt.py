"""A Triton model repository for a GPU, made from the one for the processor: same names, same tensors."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import onnx
from tritonclient.grpc.model_config_pb2 import ModelConfig

from training.export import gpu_config
from training.export.engines import Builder, build, find_builder, has_fixed_sizes

Profile = Literal["plan", "accelerated"]
"""`plan`: engines built now. `accelerated`: Triton's ONNX backend builds and keeps them when it first needs them."""


@dataclass(frozen=True)
class Placed:
    """One model of the new repository."""

    name: str
    runs_as: str
    """What serves it there."""


@dataclass(frozen=True)
class _Model:
    name: str
    folder: Path
    file: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.pbtxt"


def make_gpu_repository(
    source: Path, target: Path, names: Sequence[str], profile: Profile, told: Callable[[str], None]
) -> list[Placed]:
    """Copy the repository `source` to `target` and turn it to the GPU.

    Models of fixed size among `names` (all if empty) become TensorRT engines, the others run on the GPU as they are,
    ensembles stay. Engines of other GPUs that `target` has already are kept. `told` hears what is being built.
    Raises `TensorRtMissing`, `EngineFailed`, and `ValueError` for names that are not there.
    """
    models = list(_models(source))
    unknown = set(names) - {each.name for each in models}
    if unknown:
        raise ValueError(f"{source} has no model {', '.join(sorted(unknown))} with a file")
    builder = find_builder() if profile == "plan" else None
    placed = [
        _place(model, target / model.name, not names or model.name in names, builder, told)
        for model in models
    ]
    _copy_ensembles(source, target, {each.name for each in models})
    return placed


def _models(source: Path) -> Iterator[_Model]:
    """Models with a file of their own, in their newest version."""
    for path in sorted(source.glob("*/config.pbtxt")):
        versions = sorted(path.parent.glob("[0-9]*/model.onnx"), key=lambda file: int(file.parent.name))
        if versions:
            yield _Model(path.parent.name, path.parent, versions[-1])


def _place(
    model: _Model, target: Path, wanted: bool, builder: Builder | None, told: Callable[[str], None]
) -> Placed:
    """Copy one model and write its configuration; the file stays beside the engine, as what its hash is of."""
    graph = onnx.load(model.file)
    version = target / model.file.parent.name
    version.mkdir(parents=True, exist_ok=True)
    shutil.copy2(model.file, version / "model.onnx")
    config = gpu_config.read(model.config)
    if not (wanted and has_fixed_sizes(graph)):
        made, words = gpu_config.for_cuda(config), "onnxruntime, CUDA"
    elif builder is None:
        made, words = gpu_config.for_accelerator(config, _sizes(graph)), "onnxruntime, TensorRT accelerator"
    else:
        batches = gpu_config.batch_range(config)
        told(f"{model.name}: building for compute capability {builder.compute_capability}")
        build(builder, graph, version / builder.file_name, batches)
        made, words = gpu_config.for_engine(_with_others(config, target), builder), "tensorrt_plan"
    gpu_config.write(made, target / "config.pbtxt")
    return Placed(model.name, words)


def _with_others(config: ModelConfig, target: Path) -> ModelConfig:
    """`config` with the engines that the target has for other GPUs."""
    former = target / "config.pbtxt"
    if former.is_file():
        for capability, file in gpu_config.read(former).cc_model_filenames.items():
            config.cc_model_filenames[capability] = file
    return config


def _copy_ensembles(source: Path, target: Path, done: set[str]) -> None:
    for path in sorted(source.glob("*/config.pbtxt")):
        if path.parent.name not in done and "ensemble" in path.read_text():
            shutil.copytree(path.parent, target / path.parent.name, dirs_exist_ok=True)


def _sizes(graph: onnx.ModelProto) -> dict[str, list[int]]:
    return {
        each.name: [axis.dim_value for axis in each.type.tensor_type.shape.dim[1:]]
        for each in graph.graph.input
    }
