"""The maps of a face in one graph: skin, melanin, redness and reflection; nothing is trained."""

import json

import onnx
from onnx import TensorProto

from training.graphs import chromophores, redness, reflections, skin_colour
from training.graphs.writer import GraphWriter

SKIN_FROM = 128
"""Values of the skin map from here on are skin."""


def _metadata() -> dict[str, str]:
    density = chromophores.STEPS_PER_DENSITY
    scale = {
        "melanin": {"per_unit": density, "zero": chromophores.ZERO},
        "redness": {"per_unit": redness.GAIN * density, "zero": 0.0},
        "reflection": {"per_unit": reflections.STEPS_PER_WHITE, "zero": 0.0},
    }
    return {
        "training": "none",
        "input": "sRGB, 8 bits",
        "scale": json.dumps(scale),
        "skin_from": str(SKIN_FROM),
    }


def build() -> onnx.ModelProto:
    """`image` uint8 [B,H,W,3] sRGB and `box` float32 [B,4] to four uint8 maps [B,H,W]; H and W at least 8.

    `box` is the face: x, y, width, height as parts of the picture. Without area (no face), skin, redness and
    reflection are empty.
    """
    graph = GraphWriter("face_layers")
    planes = graph.planes(graph.input("image", TensorProto.UINT8, ["batch", "height", "width", 3]))
    box = graph.input("box", TensorProto.FLOAT, ["batch", 4])
    skin = skin_colour.skin(graph, planes, box)
    mask = graph.to_float(graph.node("Greater", graph.to_float(skin), SKIN_FROM - 0.5))
    melanin, haemoglobin = chromophores.pigments(graph, planes)
    graph.map_output("skin", skin)
    graph.map_output("melanin", melanin)
    graph.map_output("redness", redness.redness(graph, haemoglobin, mask))
    graph.map_output("reflection", reflections.reflection(graph, planes, mask))
    return graph.model("Skin, melanin, redness and reflection of a face.", _metadata())
