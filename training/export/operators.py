"""What TensorRT can take of an ONNX graph.

From the operator table of the ONNX parser for TensorRT 10: github.com/onnx/onnx-tensorrt, docs/operators.md at
96e7811 (release 10.1 GA, opsets 9 to 20). Restrictions are checked where our graphs could meet them.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import onnx
from onnx import TensorProto, helper

OPSETS = range(9, 21)
"""ONNX operator sets that are read."""

_NAMES = """
Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast CastLike Ceil Celu
Clip Concat Constant ConstantOfShape Conv ConvTranspose Cos Cosh CumSum DeformConv DepthToSpace DequantizeLinear
Div Dropout Einsum Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather GatherElements GatherND Gelu Gemm
GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual GridSample GroupNormalization GRU HardSigmoid
HardSwish Hardmax Identity If InstanceNormalization IsInf IsNaN LayerNormalization LeakyRelu Less LessOrEqual Log
LogSoftmax Loop LRN LSTM LpNormalization LpPool MatMul Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul
Neg NonMaxSuppression NonZero Not OneHot Or Pad Pow PRelu QuantizeLinear RandomNormal RandomNormalLike
RandomUniform RandomUniformLike Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax
ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Resize ReverseSequence RNN RoiAlign Round
Scan Scatter ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign
SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Upsample
Where Xor
"""

SUPPORTED = frozenset(_NAMES.split())
"""Operators of the standard domain."""

TYPES = frozenset(
    {
        TensorProto.FLOAT,
        TensorProto.FLOAT16,
        TensorProto.BFLOAT16,
        TensorProto.INT32,
        TensorProto.INT64,
        TensorProto.BOOL,
    }
)
"""Types inside a network. UINT8 is for its inputs and outputs alone, cast from and to floats at once."""

FLOATS = frozenset({TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16})

_RESIZE: Mapping[str, tuple[bytes, ...]] = MappingProxyType(
    {
        "mode": (b"nearest", b"linear"),
        "coordinate_transformation_mode": (
            b"half_pixel",
            b"pytorch_half_pixel",
            b"tf_half_pixel_for_nn",
            b"asymmetric",
            b"align_corners",
        ),
        "keep_aspect_ratio_policy": (b"stretch",),
    }
)


def unsupported_operators(model: onnx.ModelProto) -> list[str]:
    """Operators of the graph that TensorRT lacks, by name; empty if none."""
    used = {f"{node.domain}.{node.op_type}".removeprefix(".") for node in model.graph.node}
    return sorted(used - SUPPORTED)


def obstacles(model: onnx.ModelProto) -> list[str]:
    """Why the graph cannot become a TensorRT engine, one sentence each; empty if it can."""
    found = [f"TensorRT has no operator {name}" for name in unsupported_operators(model)]
    opset = next((each.version for each in model.opset_import if not each.domain), 0)
    if opset not in OPSETS:
        found.append(f"operator set {opset} is not one of {OPSETS[0]} to {OPSETS[-1]}")
    types = types_of(model)
    for node in model.graph.node:
        found.extend(_restrictions(node))
        found.extend(_type_obstacles(node, types, model.graph))
    return list(dict.fromkeys(found))


def types_of(model: onnx.ModelProto) -> dict[str, int]:
    """The element type of every tensor of the graph, by name."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    known = {each.name: int(each.type.tensor_type.elem_type) for each in values}
    return known | {each.name: int(each.data_type) for each in graph.initializer}


def _restrictions(node: onnx.NodeProto) -> Iterator[str]:
    attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    if node.op_type == "Resize":
        for name, allowed in _RESIZE.items():
            if attributes.get(name, allowed[0]) not in allowed:
                yield f"TensorRT has no Resize with {name} {attributes[name].decode()}"
        if attributes.get("antialias"):
            yield "TensorRT has no Resize with antialiasing"
    if node.op_type == "MaxPool" and len(node.output) > 1:
        yield "TensorRT has no MaxPool with indices"
    if node.op_type == "TopK" and not attributes.get("sorted", 1):
        yield "TensorRT has no TopK without order"


def _type_obstacles(node: onnx.NodeProto, types: Mapping[str, int], graph: onnx.GraphProto) -> Iterator[str]:
    inputs = {each.name for each in graph.input}
    outputs = {each.name for each in graph.output}
    taken = {types[name] for name in node.input if name in types}
    made = {types[name] for name in node.output if name in types}
    cast = node.op_type == "Cast"
    if TensorProto.UINT8 in taken and not (cast and node.input[0] in inputs and made <= FLOATS):
        yield f"{node.op_type} takes bytes; TensorRT casts them to floats first"
    if TensorProto.UINT8 in made and not (cast and node.output[0] in outputs and taken <= FLOATS):
        yield f"{node.op_type} gives bytes; TensorRT casts them from floats last"
    for other in (taken | made) - TYPES - {TensorProto.UINT8, TensorProto.UNDEFINED}:
        yield f"{node.op_type} of {TensorProto.DataType.Name(other)}: a type that TensorRT lacks"
