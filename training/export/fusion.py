"""Batch norms folded into the convolutions before them."""

from collections import Counter

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Array = NDArray[np.float64]


def fused(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` without the batch norms that follow a convolution which nothing else reads; the same numbers."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    stored = {each.name: each for each in graph.initializer}
    readers = Counter(name for node in graph.node for name in node.input)
    makers = {name: node for node in graph.node for name in node.output}
    for norm in [node for node in graph.node if node.op_type == "BatchNormalization"]:
        conv = makers.get(norm.input[0])
        if conv is not None and _foldable(conv, stored, readers):
            graph.initializer.extend(_fold(conv, norm, stored))
            graph.node.remove(norm)
    _drop_unused(graph)
    return made


def _foldable(conv: onnx.NodeProto, stored: dict[str, onnx.TensorProto], readers: Counter[str]) -> bool:
    return conv.op_type == "Conv" and readers[conv.output[0]] == 1 and conv.input[1] in stored


def _fold(
    conv: onnx.NodeProto, norm: onnx.NodeProto, stored: dict[str, onnx.TensorProto]
) -> list[onnx.TensorProto]:
    """Let `conv` make what `norm` made; its new weight and bias."""
    epsilon = next((each.f for each in norm.attribute if each.name == "epsilon"), 1e-5)
    scale, shift, mean, variance = (_array(stored[name]) for name in norm.input[1:])
    gain = scale / np.sqrt(variance + epsilon)
    weight = _array(stored[conv.input[1]])
    bias = _array(stored[conv.input[2]]) if len(conv.input) > 2 else np.zeros(len(weight))
    tensors = [
        _tensor(weight * gain.reshape(-1, *[1] * (weight.ndim - 1)), f"{norm.output[0]}_weight"),
        _tensor((bias - mean) * gain + shift, f"{norm.output[0]}_bias"),
    ]
    conv.input[:] = [conv.input[0], *(each.name for each in tensors)]
    conv.output[:] = norm.output[:1]
    return tensors


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [each for each in graph.initializer if each.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _array(tensor: onnx.TensorProto) -> Array:
    return np.asarray(numpy_helper.to_array(tensor), np.float64)


def _tensor(array: Array, name: str) -> onnx.TensorProto:
    return numpy_helper.from_array(array.astype(np.float32), name)
