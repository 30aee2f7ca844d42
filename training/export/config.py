"""The Triton configuration of a trained model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.recipe import Served, TensorSpec

MAX_BATCH = 8
"""Pictures of one run at most."""

MAX_BATCHES: Mapping[str, int] = MappingProxyType({"acne_severity": 4})
"""Of models that see each picture several times in one run."""

_TYPES = MappingProxyType(
    {"uint8": "UINT8", "int32": "INT32", "int64": "INT64", "float16": "FP16", "float32": "FP32"}
)

_TEXT = """\
name: "{name}"
backend: "onnxruntime"
max_batch_size: {max_batch}
input [
{inputs}
]
output [
{outputs}
]

# CPU: one instance; a batch is what is waiting already. GPU: `dermabooth models build-tensorrt`.
instance_group [ {{ count: 1 kind: KIND_CPU }} ]

# Stills yield the processor to live frames.
optimization {{ priority: PRIORITY_MIN }}
dynamic_batching {{ }}

# Threads of one run; a managed server sets its own number.
parameters {{ key: "intra_op_thread_count" value: {{ string_value: "1" }} }}
"""


def write_config(name: str, served: Served, folder: Path) -> Path:
    """`config.pbtxt` in the model's folder; one that is there already stays, because it may have been tuned."""
    path = folder / "config.pbtxt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(config_text(name, served))
    return path


def config_text(name: str, served: Served) -> str:
    """The configuration for the processor; other targets are made from it."""
    return _TEXT.format(
        name=name,
        max_batch=MAX_BATCHES.get(name, MAX_BATCH),
        inputs=_lines(served.inputs),
        outputs=_lines(served.outputs),
    )


def _lines(specs: Iterable[TensorSpec]) -> str:
    return ",\n".join(
        f'  {{ name: "{spec.name}" data_type: TYPE_{_TYPES[spec.dtype.name]} dims: {_dims(spec.shape)} }}'
        for spec in specs
    )


def _dims(shape: tuple[int, ...]) -> str:
    return f"[ {', '.join(str(size) for size in shape)} ]"
