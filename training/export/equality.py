"""Whether an exported file computes what the network computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx
    from torch import Tensor

    from training.recipe import Served

Arrays = Sequence[NDArray[Any]]


class ExportMismatch(ValueError):
    """The exported file computes something else than the network."""


@dataclass(frozen=True)
class Difference:
    """How far one output of the file is from the network's."""

    largest: float
    """Of the absolute differences."""
    share: float
    """Of elements that differ by more than the tolerance, or by more than one step of a byte."""


Differences = Mapping[str, Difference]


@dataclass(frozen=True)
class Limits:
    """What is accepted."""

    tolerance: float
    """Part of the range: of 255 for bytes, of the largest value for floats."""
    share: float


GRAPH = Limits(1e-3, 1e-3)
"""In FP32 both do the same sums in another order; a byte at the edge of a threshold may still fall to the other side."""

STORED = Limits(2e-2, 2e-2)
"""With weights rounded to FP16."""


def compared(
    model: onnx.ModelProto, served: Served, batches: Sequence[tuple[Tensor, ...]], limits: Limits
) -> Differences:
    """The largest difference of each output over all batches; `ExportMismatch` beyond the limits."""
    names = [spec.name for spec in served.outputs]
    worst = dict.fromkeys(names, Difference(0.0, 0.0))
    session = _session(model)
    for batch in batches:
        feeds = {spec.name: tensor.numpy() for spec, tensor in zip(served.inputs, batch, strict=True)}
        found, expected = session.run(names, feeds), _outputs(served, batch)
        for name, a, b in zip(names, found, expected, strict=True):
            worst[name] = _worse(worst[name], _difference(a, b, limits.tolerance))
    for name, difference in worst.items():
        if difference.share > limits.share:
            raise ExportMismatch(
                f"{name}: {difference.share:.2%} of the values differ, by up to {difference.largest:.3g}"
            )
    return worst


def _session(model: onnx.ModelProto) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    data = model.SerializeToString()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])


def _outputs(served: Served, batch: tuple[Tensor, ...]) -> Arrays:
    import torch

    with torch.no_grad():
        made = served.module.eval()(*batch)
    return [each.numpy() for each in (made if isinstance(made, tuple) else (made,))]


def _difference(found: NDArray[Any], expected: NDArray[Any], tolerance: float) -> Difference:
    if (found.shape, found.dtype) != (expected.shape, expected.dtype):
        raise ExportMismatch(
            f"{found.dtype}{list(found.shape)} where the network gives {expected.dtype}{list(expected.shape)}"
        )
    away = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    if np.issubdtype(found.dtype, np.integer):
        limit = max(1.0, 255.0 * tolerance)
    else:
        limit = tolerance * max(1.0, float(np.abs(expected).max()))
    return Difference(float(away.max(initial=0.0)), float(np.mean(~(away <= limit))))


def _worse(one: Difference, other: Difference) -> Difference:
    return Difference(max(one.largest, other.largest), max(one.share, other.share))
