"""A network as an ONNX graph, as PyTorch writes it."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import onnx

from training.graphs.writer import OPSET

if TYPE_CHECKING:
    from torch import Tensor

    from training.recipe import Served, TensorSpec


def example(specs: tuple[TensorSpec, ...], batch: int, seed: int = 0) -> tuple[Tensor, ...]:
    """Random tensors of the specs: bytes over their whole range, floats in 0..1."""
    import numpy as np
    import torch

    random = np.random.default_rng(seed)
    arrays = (
        random.integers(0, 256, (batch, *spec.shape)).astype(spec.dtype)
        if np.issubdtype(spec.dtype, np.integer)
        else random.random((batch, *spec.shape)).astype(spec.dtype)
        for spec in specs
    )
    return tuple(torch.from_numpy(array) for array in arrays)


def traced(served: Served) -> onnx.ModelProto:
    """The served module in evaluation mode; the first axis of every input and output is `batch`.

    By the exporter that traces: it needs nothing beyond PyTorch and ONNX, and leaves sampling grids as the few numbers
    they are made of, which a runtime multiplies out once when it loads the file.
    """
    import torch

    inputs = [spec.name for spec in served.inputs]
    outputs = [spec.name for spec in served.outputs]
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # That this exporter is the older one, and that a branch was taken for good: the file is tried afterwards.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            served.module.eval(),
            example(served.inputs, 2),
            file,  # type: ignore[arg-type]
            dynamo=False,
            opset_version=OPSET,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in inputs + outputs},
            do_constant_folding=False,
        )
    return _without_copies(onnx.load_from_string(file.getvalue()))


def _without_copies(model: onnx.ModelProto) -> onnx.ModelProto:
    """Equal weights come as one weight and copies of it: every reader reads the weight itself."""
    graph = model.graph
    same = {each.name: each.name for each in graph.initializer}
    for node in list(graph.node):
        node.input[:] = [same.get(name, name) for name in node.input]
        if node.op_type == "Identity" and node.input[0] in same:
            same[node.output[0]] = node.input[0]
            graph.node.remove(node)
    return model
