"""A small writer of ONNX graphs: nodes in, one deterministic file out."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
"""ONNX operator set; known to ONNX Runtime since 1.14 and TensorRT since 8.6."""

IR_VERSION = 9
"""ONNX file format; the newest that every supported server reads."""

Shape = Sequence[int | str]


class GraphWriter:
    """Collects nodes and constants; tensors are named by numbers in the order of writing.

    The same calls give the same bytes: nothing depends on time, path or hash order.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], onnx.TensorProto] = {}
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, dtype: int, shape: Shape) -> str:
        """Declare a graph input; words in `shape` are dynamic axes."""
        self._inputs.append(helper.make_tensor_value_info(name, dtype, shape))
        return name

    def output(self, name: str, tensor: str, dtype: int, shape: Shape) -> None:
        """Hand `tensor` out under `name`."""
        self._nodes.append(helper.make_node("Identity", [tensor], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, dtype, shape))

    def constant(self, value: npt.ArrayLike, dtype: npt.DTypeLike = np.float32) -> str:
        """A constant; equal values of equal type share one."""
        array = np.asarray(value, dtype=dtype)
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = numpy_helper.from_array(array, f"c{len(self._constants)}")
        return str(self._constants[key].name)

    def node(self, operator: str, *inputs: str | float, **attributes: Any) -> str:
        """Add one node with one output; plain numbers become float32 constants."""
        return self.nodes(operator, 1, *inputs, **attributes)[0]

    def nodes(self, operator: str, outputs: int, *inputs: str | float, **attributes: Any) -> list[str]:
        """Add one node with several outputs."""
        names = [each if isinstance(each, str) else self.constant(each) for each in inputs]
        made = [f"t{len(self._nodes)}_{index}" for index in range(outputs)]
        self._nodes.append(helper.make_node(operator, names, made, **attributes))
        return made

    def axes(self, *axes: int) -> str:
        """An int64 list, as axes and shapes are given to operators."""
        return self.constant(list(axes), np.int64)

    def sum(self, tensor: str, *axes: int) -> str:
        """Sum over axes that stay with length one."""
        return self.node("ReduceSum", tensor, self.axes(*axes), keepdims=1)

    def planes(self, image: str) -> str:
        """uint8 [B,H,W,3] to float32 [B,3,H,W]; transposed while the samples are still bytes."""
        return self.to_float(self.node("Transpose", image, perm=[0, 3, 1, 2]))

    def to_float(self, tensor: str) -> str:
        """Any type to float32."""
        return self.node("Cast", tensor, to=TensorProto.FLOAT)

    def map_output(self, name: str, tensor: str) -> None:
        """Hand a uint8 map [B,1,H,W] out as [B,H,W]."""
        squeezed = self.node("Squeeze", tensor, self.axes(1))
        self.output(name, squeezed, TensorProto.UINT8, ["batch", "height", "width"])

    def to_uint8(self, tensor: str) -> str:
        """Round half up and clip float to uint8."""
        clipped = self.node("Clip", self.node("Add", tensor, 0.5), 0.0, 255.0)
        return self.node("Cast", clipped, to=TensorProto.UINT8)

    def model(self, doc: str, metadata: dict[str, str]) -> onnx.ModelProto:
        """The checked model with shapes inferred; `metadata` goes into its properties."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, list(self._constants.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, doc_string=doc
        )
        model.producer_name = "dermabooth"
        helper.set_model_props(model, dict(sorted(metadata.items())))
        onnx.checker.check_model(model, full_check=True)
        return model
