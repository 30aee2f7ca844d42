"""Graphs without what exporters leave behind: the same network gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import onnx
from onnx import helper, numpy_helper

from training.graphs.writer import IR_VERSION, OPSET

if TYPE_CHECKING:
    from training.recipe import Served, TensorSpec


def tidied(model: onnx.ModelProto, served: Served, name: str, doc: str) -> onnx.ModelProto:
    """`model` with its tensors numbered, its axes as in the specs, and the metadata of `served` in its properties.

    Of equal weights one is kept: a network that runs twice, each time with its batch norms folded, has them twice.
    """
    nodes, (initializers, same) = model.graph.node, _distinct(model.graph.initializer)
    kept = {spec.name for spec in (*served.inputs, *served.outputs)}
    names = _numbers(nodes, initializers, kept)
    names |= {name: names[first] for name, first in same.items()}
    graph = helper.make_graph(
        [_renamed(node, names) for node in nodes],
        name,
        [_described(spec) for spec in served.inputs],
        [_described(spec) for spec in served.outputs],
        [_relabelled(each, names) for each in initializers],
    )
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, doc_string=doc
    )
    made.producer_name = "dermabooth"
    helper.set_model_props(made, dict(sorted(served.metadata.items())))
    onnx.checker.check_model(made, full_check=True)
    return made


def _distinct(
    initializers: Sequence[onnx.TensorProto],
) -> tuple[list[onnx.TensorProto], dict[str, str]]:
    """Weights of which no two are equal, and the kept weight's name for each of the others."""
    first: dict[tuple[int, tuple[int, ...], bytes], onnx.TensorProto] = {}
    same: dict[str, str] = {}
    for each in initializers:
        value = numpy_helper.to_array(each)
        kept = first.setdefault((each.data_type, value.shape, value.tobytes()), each)
        if kept is not each:
            same[each.name] = kept.name
    return list(first.values()), same


def _described(spec: TensorSpec) -> onnx.ValueInfoProto:
    dtype = helper.np_dtype_to_tensor_dtype(spec.dtype)
    return helper.make_tensor_value_info(spec.name, dtype, ["batch", *spec.shape])


def _numbers(
    nodes: Sequence[onnx.NodeProto], initializers: Sequence[onnx.TensorProto], kept: set[str]
) -> dict[str, str]:
    names = {each.name: f"w{index}" for index, each in enumerate(initializers)}
    made = (name for node in nodes for name in node.output if name and name not in kept)
    return names | {name: f"t{index}" for index, name in enumerate(made)}


def _renamed(node: onnx.NodeProto, names: Mapping[str, str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    for field in (copy.input, copy.output):
        field[:] = [names.get(each, each) for each in field]
    copy.name = copy.doc_string = ""
    del copy.metadata_props[:]
    return copy


def _relabelled(tensor: onnx.TensorProto, names: Mapping[str, str]) -> onnx.TensorProto:
    copy = onnx.TensorProto()
    copy.CopyFrom(tensor)
    copy.name, copy.doc_string = names[tensor.name], ""
    return copy
