"""Porphyrins and UV spots of a picture under ultraviolet light; nothing is trained.

Skin fluoresces blue-green (collagen), porphyrins of follicles red (about 620 to 640 nm), so that a porphyrin is where
R / (G + B) of linear light exceeds that of its surroundings. Melanin takes up ultraviolet light: a UV spot is where G
is below its surroundings, told as optical density. Both are ratios, so that neither brightness nor distance of the
lamp matters. Surroundings are local means without the spots themselves (a mean, then the mean of what is near it): an
approximation of the local median, and so of a top-hat. Thresholds are the reader's, from the picture's own noise.
"""

import json

import onnx
from onnx import TensorProto

from training.graphs.local import CELL, spread, window_sum
from training.graphs.srgb import linear
from training.graphs.writer import GraphWriter

PORPHYRIN_STEPS = 255.0
"""Map value per unit of R / (G + B) above the surroundings."""

SPOT_STEPS = 170.0
"""Map value per unit of optical density (natural logarithm) above the surroundings."""

PORPHYRIN_REACH = 5
"""Cells to each side that a porphyrin is compared with: 88 px, some 4 mm of a face at 20 px/mm."""

SPOT_REACH = 15
"""Cells to each side that a UV spot is compared with: 248 px, some 12 mm of a face at 20 px/mm."""

DARK = 0.01
"""Linear light that is added to both sides of a ratio, so that the noise of the dark does not make it large."""


def _smooth(graph: GraphWriter, planes: str, reach: int) -> str:
    side = 2 * reach + 1
    return graph.node("AveragePool", planes, kernel_shape=[side, side], pads=[reach] * 4, count_include_pad=0)


def _mean(graph: GraphWriter, plane: str, kept: str, reach: int) -> str:
    """Local mean of the pixels that are `kept` (1 or 0), at full size."""
    total = window_sum(graph, graph.node("Mul", plane, kept), reach)
    count = graph.node("Max", window_sum(graph, kept, reach), 1e-3)
    return spread(graph, graph.node("Div", total, count), plane)


def _porphyrin(graph: GraphWriter, light: str) -> str:
    red, green, blue = graph.nodes("Split", 3, _smooth(graph, light, 1), axis=1, num_outputs=3)
    rest = graph.node("Add", graph.node("Add", green, blue), DARK)
    ratio = graph.node("Min", graph.node("Div", red, rest), 2.0)
    first = spread(graph, window_sum(graph, ratio, PORPHYRIN_REACH), ratio)
    limit = graph.node("Add", graph.node("Mul", first, 1.25), 0.02)
    around = _mean(graph, ratio, graph.to_float(graph.node("Less", ratio, limit)), PORPHYRIN_REACH)
    return graph.to_uint8(graph.node("Mul", graph.node("Sub", ratio, around), PORPHYRIN_STEPS))


def _uv_spot(graph: GraphWriter, light: str) -> str:
    green = graph.node("Slice", light, graph.axes(1), graph.axes(2), graph.axes(1))
    green = graph.node("Add", _smooth(graph, green, 2), DARK)
    first = spread(graph, window_sum(graph, green, SPOT_REACH), green)
    limit = graph.node("Mul", first, 0.8)
    around = _mean(graph, green, graph.to_float(graph.node("Greater", green, limit)), SPOT_REACH)
    brighter = graph.node("Max", graph.node("Div", around, green), 1.0)
    return graph.to_uint8(graph.node("Mul", graph.node("Log", brighter), SPOT_STEPS))


def build() -> onnx.ModelProto:
    """`image` uint8 [B,H,W,3] sRGB under UV light to `porphyrin` and `uv_spot` uint8 [B,H,W]; H and W at least 8."""
    graph = GraphWriter("fluorescence")
    light = linear(
        graph, graph.planes(graph.input("image", TensorProto.UINT8, ["batch", "height", "width", 3]))
    )
    graph.map_output("porphyrin", _porphyrin(graph, light))
    graph.map_output("uv_spot", _uv_spot(graph, light))
    scale = {
        "porphyrin": {"per_unit": PORPHYRIN_STEPS, "zero": 0.0},
        "uv_spot": {"per_unit": SPOT_STEPS, "zero": 0.0},
    }
    metadata = {
        "training": "none",
        "input": "sRGB, 8 bits, ultraviolet light",
        "scale": json.dumps(scale),
        "reach": str(CELL * (SPOT_REACH + 1)),
    }
    return graph.model("Porphyrins and UV spots of a picture under ultraviolet light.", metadata)
