"""Bytes at the edges of a graph alone, which is where TensorRT takes them, and out of floats, which is how it makes them."""

from collections import Counter

import onnx
from onnx import TensorProto, helper

from training.export.operators import FLOATS, types_of

MOVING = frozenset({"Unsqueeze", "Squeeze", "Reshape", "Transpose", "Gather", "Slice", "Flatten", "Expand"})
"""Operators that only move values, so that a cast may as well come after them."""


def edged(model: onnx.ModelProto) -> onnx.ModelProto:
    """`model` with casts to bytes after what moves values, and by way of floats where they were of something else."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    while _sink_one(made.graph):
        pass
    types = types_of(made)
    nodes = [each for node in made.graph.node for each in _by_way_of_floats(node, types)]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    return made


def _to_bytes(node: onnx.NodeProto) -> bool:
    return bool(node.op_type == "Cast" and helper.get_node_attr_value(node, "to") == TensorProto.UINT8)


def _sink_one(graph: onnx.GraphProto) -> bool:
    """Let one cast to bytes change places with the one reader it has, if that only moves; whether one did."""
    readers = Counter(name for node in graph.node for name in node.input)
    casts = {node.output[0]: index for index, node in enumerate(graph.node) if _to_bytes(node)}
    for index, node in enumerate(graph.node):
        cast = casts.get(node.input[0]) if node.input else None
        if cast is not None and node.op_type in MOVING and readers[node.input[0]] == 1:
            former, moved = graph.node[cast], node.output[0]
            node.input[0], node.output[0] = former.input[0], former.output[0]
            after = helper.make_node("Cast", [former.output[0]], [moved], to=TensorProto.UINT8)
            rest = [each for at, each in enumerate(graph.node) if at != cast]
            place = index if cast < index else index + 1
            nodes = [*rest[:place], after, *rest[place:]]
            del graph.node[:]
            graph.node.extend(nodes)
            return True
    return False


def _by_way_of_floats(node: onnx.NodeProto, types: dict[str, int]) -> list[onnx.NodeProto]:
    """A cast of an index or a truth to a byte as two casts."""
    if not _to_bytes(node) or types.get(node.input[0], TensorProto.FLOAT) in FLOATS:
        return [node]
    between = f"{node.output[0]}_float"
    return [
        helper.make_node("Cast", [node.input[0]], [between], to=TensorProto.FLOAT),
        helper.make_node("Cast", [between], [node.output[0]], to=TensorProto.UINT8),
    ]
