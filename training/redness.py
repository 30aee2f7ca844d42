"""Redness: haemoglobin above its local mean within the skin; nothing is trained."""

import json

import onnx
from onnx import TensorProto

from training.chromophores import STEPS_PER_DENSITY
from training.graph import GraphWriter
from training.local import skin_mask, spread, window_sum

GAIN = 4.0
"""Map value per step of the haemoglobin map."""


def build() -> onnx.ModelProto:
    """`haemoglobin` and `skin` uint8 [B,H,W] to `redness` uint8 [B,H,W], 0 outside the skin.

    The local mean is over the skin pixels of an 88 px window on a grid of 8 px, H and W at least 8.
    """
    shape = ["batch", "height", "width"]
    graph = GraphWriter("redness")
    blood = graph.plane(graph.input("haemoglobin", TensorProto.UINT8, shape))
    mask = skin_mask(graph, graph.input("skin", TensorProto.UINT8, shape))
    total = window_sum(graph, graph.node("Mul", blood, mask))
    count = graph.node("Max", window_sum(graph, mask), 1e-3)
    baseline = spread(graph, graph.node("Div", total, count), blood)
    excess = graph.node("Mul", graph.node("Sub", blood, baseline), GAIN)
    redness = graph.to_uint8(graph.node("Mul", excess, mask))
    graph.output("redness", graph.node("Squeeze", redness, graph.axes(1)), TensorProto.UINT8, shape)
    scale = json.dumps({"steps_per_density": GAIN * STEPS_PER_DENSITY, "zero": 0.0})
    return graph.model("Haemoglobin above its local mean.", {"training": "none", "scale": scale})
