"""Weights of 16 bits in the file, arithmetic of 32 bits.

A cast follows each weight, which runtimes carry out once when they load the file. Half the size, and on a processor the
speed of FP32; a TensorRT engine computes in FP16 anyway.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

WEIGHTED = frozenset({"Conv", "Gemm", "MatMul"})
"""Operators whose weights are stored in 16 bits. Everything else, sampling grids above all, keeps 32."""

SMALLEST = 64
"""Weights of fewer elements stay as they are."""


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with the weights of its convolutions and linear layers in FP16; `ValueError` if one does not fit."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = set(_weights(made.graph))
    casts = []
    for tensor in made.graph.initializer:
        if tensor.name in weights:
            name = tensor.name
            tensor.CopyFrom(_half(tensor))
            casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    onnx.checker.check_model(made, full_check=True)
    return made


def restored(model: onnx.ModelProto) -> onnx.ModelProto:
    """The inverse of `halved`: weights in FP32 without casts, rounded as they were."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    stored = {each.name: each for each in made.graph.initializer if each.data_type == TensorProto.FLOAT16}
    casts = [node for node in made.graph.node if node.op_type == "Cast" and node.input[0] in stored]
    for node in casts:
        tensor = stored[node.input[0]]
        tensor.CopyFrom(numpy_helper.from_array(_array(tensor).astype(np.float32), node.output[0]))
        made.graph.node.remove(node)
    return made


def _weights(graph: onnx.GraphProto) -> Iterator[str]:
    sizes = {
        each.name: int(np.prod(each.dims))
        for each in graph.initializer
        if each.data_type == TensorProto.FLOAT
    }
    for node in graph.node:
        if node.op_type in WEIGHTED:
            yield from (name for name in node.input[:2] if sizes.get(name, 0) >= SMALLEST)


def _half(tensor: onnx.TensorProto) -> onnx.TensorProto:
    with np.errstate(over="ignore"):
        half = _array(tensor).astype(np.float16)
    if not np.isfinite(half).all():
        raise ValueError(f"weight {tensor.name} exceeds 65504, the largest number of FP16")
    return numpy_helper.from_array(half, f"{tensor.name}_fp16")


def _array(tensor: onnx.TensorProto) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.asarray(numpy_helper.to_array(tensor))
