"""TensorRT engines out of model files, by NVIDIA's `trtexec` for the GPU at hand."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import onnx

from training.export.operators import obstacles
from training.export.precision import restored

TRTEXEC: Final = "DERMABOOTH_TRTEXEC"
"""Names the `trtexec` to use; else that of the path, else that of NVIDIA's containers."""
IN_CONTAINER: Final = Path("/usr/src/tensorrt/bin/trtexec")
BUILD_LIMIT_S: Final = 1800.0
"""Of one engine; `trtexec` tries many kernels."""
_LAST_LINES: Final = 12


class TensorRtMissing(Exception):
    """TensorRT or the GPU is not there; the message says what is missing and what to do."""


class EngineFailed(Exception):
    """`trtexec` made no engine, or the graph cannot become one."""


@dataclass(frozen=True)
class Builder:
    """What engines are built with."""

    trtexec: Path
    compute_capability: str
    """Of the first GPU, as CUDA states it: `8.6`. An engine runs on no other."""

    @property
    def file_name(self) -> str:
        """Of an engine for this GPU."""
        return f"model.sm{self.compute_capability.replace('.', '')}.plan"


@dataclass(frozen=True)
class BatchRange:
    """Batches that an engine takes; it is tuned for `optimal`."""

    least: int
    optimal: int
    most: int


def find_builder() -> Builder:
    """The `trtexec` and GPU of this machine; `TensorRtMissing` says what to do where there is none."""
    told = os.environ.get(TRTEXEC)
    known = told or shutil.which("trtexec") or (str(IN_CONTAINER) if IN_CONTAINER.is_file() else None)
    if known is None or not os.access(known, os.X_OK):
        raise TensorRtMissing(
            f"no TensorRT here: trtexec is neither {told or 'on the path'} nor {IN_CONTAINER}. "
            "Run `docker compose -f compose.gpu.yaml up build` on a machine with an NVIDIA GPU, or install TensorRT 10 "
            f"and name its trtexec in {TRTEXEC}"
        )
    return Builder(Path(known), _compute_capability())


def _compute_capability() -> str:
    query = ("nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader")
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise TensorRtMissing(
            "no NVIDIA GPU here: nvidia-smi does not answer. Engines are built on the GPU they run on; start the "
            "container with --gpus all"
        ) from error
    return done.stdout.split("\n")[0].strip()


def command(
    builder: Builder, source: Path, target: Path, model: onnx.ModelProto, batches: BatchRange
) -> list[str]:
    """The call of `trtexec` that makes `target` from `source`: FP16, batches of that range."""
    shapes = {
        word: ",".join(
            f"{each.name}:{'x'.join(map(str, (size, *_sizes(each))))}" for each in model.graph.input
        )
        for word, size in (("min", batches.least), ("opt", batches.optimal), ("max", batches.most))
    }
    return [
        str(builder.trtexec),
        f"--onnx={source}",
        f"--saveEngine={target}",
        "--fp16",
        *(f"--{word}Shapes={text}" for word, text in shapes.items()),
        "--skipInference",
    ]


def has_fixed_sizes(model: onnx.ModelProto) -> bool:
    """Whether the batch is the only free axis of every input."""
    return all(
        axis.HasField("dim_value")
        for each in model.graph.input
        for axis in each.type.tensor_type.shape.dim[1:]
    )


def build(builder: Builder, model: onnx.ModelProto, target: Path, batches: BatchRange) -> None:
    """Make the engine `target` of `model`; `EngineFailed` with the reasons or `trtexec`'s last words."""
    reasons = obstacles(model)
    if reasons:
        raise EngineFailed("; ".join(reasons))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        source, made = Path(folder) / "model.onnx", Path(folder) / "model.plan"
        onnx.save(restored(model), source)
        _run(command(builder, source, made, model, batches))
        if not made.is_file():
            raise EngineFailed("trtexec ended without an error and without an engine")
        made.replace(target)


def _sizes(value: onnx.ValueInfoProto) -> Sequence[int]:
    return [axis.dim_value for axis in value.type.tensor_type.shape.dim[1:]]


def _run(arguments: Sequence[str]) -> None:
    try:
        done = subprocess.run(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BUILD_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineFailed(f"trtexec was not done after {BUILD_LIMIT_S / 60:.0f} minutes") from error
    if done.returncode:
        words = "\n".join(done.stdout.strip().splitlines()[-_LAST_LINES:])
        raise EngineFailed(f"trtexec ended with status {done.returncode}:\n{words}")
