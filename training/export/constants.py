"""Constants as stored tensors of the type they are used in."""

import numpy as np
import onnx
from onnx import helper, numpy_helper

LARGEST = 64
"""Elements of a constant whose cast is carried out; weights are left alone."""


def settled(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` without Constant nodes and without casts of constants: tracing leaves numbers in 64 bits and a cast."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    graph = made.graph
    stored = {each.name: each for each in graph.initializer}
    kept = []
    for node in graph.node:
        tensor = _constant(node, stored)
        if tensor is None:
            kept.append(node)
        else:
            stored[tensor.name] = tensor
    used = {name for node in kept for name in node.input} | {each.name for each in graph.output}
    tensors = [each for each in stored.values() if each.name in used]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(kept)
    graph.initializer.extend(tensors)
    return made


def _constant(node: onnx.NodeProto, stored: dict[str, onnx.TensorProto]) -> onnx.TensorProto | None:
    """What the node gives, if that is known beforehand."""
    if node.op_type == "Constant" and node.attribute[0].name == "value":
        tensor = onnx.TensorProto()
        tensor.CopyFrom(node.attribute[0].t)
        tensor.name = node.output[0]
        return tensor
    if node.op_type == "Cast" and node.input[0] in stored:
        array = numpy_helper.to_array(stored[node.input[0]])
        if array.size <= LARGEST:
            dtype = helper.tensor_dtype_to_np_dtype(helper.get_node_attr_value(node, "to"))
            return numpy_helper.from_array(np.asarray(array, dtype), node.output[0])
    return None
