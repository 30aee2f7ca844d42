"""Melanin and haemoglobin maps by unmixing of optical densities; nothing is trained.

Skin colour in the space of optical densities lies near a plane spanned by the two pigments, and shading moves
it along (1,1,1): N. Tsumura, H. Haneishi, Y. Miyake, "Independent-component analysis of skin color image",
JOSA A 16 (1999), and N. Tsumura et al., "Image-based skin color and texture analysis/synthesis by extracting
hemoglobin and melanin information in the skin", ACM TOG 22 (2003). The pigment vectors are fixed, from a
two-layer spectral skin model under D65, so that the same colour always gives the same number.
"""

import json

import numpy as np
import onnx
from onnx import TensorProto

from training.graphs.writer import GraphWriter

MELANIN = (0.242, 0.464, 0.852)
"""Optical density of melanin in linear sRGB, per unit."""

HAEMOGLOBIN = (0.255, 0.682, 0.685)
"""Optical density of haemoglobin in linear sRGB, per unit."""

FLOOR = 0.04045
"""Encoded sRGB value (IEC 61966-2-1) at which the straight part of the curve ends. Darker samples are held there: linear 0.00313, optical density 5.77."""

STEPS_PER_DENSITY = 60.0
"""Map value per unit of optical density."""

ZERO = 15.0
"""Map value of no pigment; keeps noise around zero from being cut."""


def unmixing() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Rows melanin and haemoglobin, columns R, G, B: optical densities to amounts of pigment."""
    columns = [np.asarray(each) / np.linalg.norm(each) for each in (MELANIN, HAEMOGLOBIN, (1.0, 1.0, 1.0))]
    return np.linalg.pinv(np.stack(columns, axis=1))[:2]


def _metadata(source: str) -> dict[str, str]:
    return {
        "training": "none",
        "input": source,
        "scale": json.dumps(
            {name: {"per_unit": STEPS_PER_DENSITY, "zero": ZERO} for name in ("melanin", "haemoglobin")}
        ),
        "unmixing": json.dumps(unmixing().round(6).tolist()),
    }


def _pigments(graph: GraphWriter, log_signal: str, gain: float) -> list[str]:
    """Unmix `log_signal` [B,3,H,W], where the optical density is minus `gain` times it, to two uint8 maps [B,1,H,W]."""
    matrix = -gain * STEPS_PER_DENSITY * unmixing()
    kernel = graph.constant(matrix.reshape(2, 3, 1, 1))
    maps = graph.node("Conv", log_signal, kernel, graph.constant([ZERO, ZERO]))
    return graph.nodes("Split", 2, graph.to_uint8(maps), axis=1, num_outputs=2)


def pigments(graph: GraphWriter, planes: str) -> list[str]:
    """Melanin and haemoglobin, uint8 [B,1,H,W], from sRGB `planes` float32 [B,3,H,W] of 0..255.

    Above the floor the sRGB curve is ((v + 0.055) / 1.055) ** 2.4, so that the logarithm of the linear value
    is 2.4 log((v + 0.055) / 1.055): no power and no branch.
    """
    scaled = graph.node("Mul", graph.node("Max", planes, 255 * FLOOR), 1 / (255 * 1.055))
    return _pigments(graph, graph.node("Log", graph.node("Add", scaled, 0.055 / 1.055)), 2.4)


def _model(graph: GraphWriter, maps: list[str], doc: str, source: str) -> onnx.ModelProto:
    for name, each in zip(("melanin", "haemoglobin"), maps, strict=True):
        graph.map_output(name, each)
    return graph.model(doc, _metadata(source))


def build() -> onnx.ModelProto:
    """`image` uint8 [B,H,W,3] sRGB to `melanin` and `haemoglobin` uint8 [B,H,W]."""
    graph = GraphWriter("chromophores")
    planes = graph.planes(graph.input("image", TensorProto.UINT8, ["batch", "height", "width", 3]))
    doc = "Melanin and haemoglobin by unmixing of optical densities."
    return _model(graph, pigments(graph, planes), doc, "sRGB, 8 bits")


def build_linear() -> onnx.ModelProto:
    """`image` uint16 [B,H,W,3] linear, `levels` float32 [B,2] (black, white) to the same maps as `build`."""
    graph = GraphWriter("chromophores_linear")
    image = graph.input("image", TensorProto.UINT16, ["batch", "height", "width", 3])
    levels = graph.input("levels", TensorProto.FLOAT, ["batch", 2])
    black, white = (
        graph.node("Unsqueeze", each, graph.axes(2, 3))
        for each in graph.nodes("Split", 2, levels, axis=1, num_outputs=2)
    )
    above = graph.node("Sub", graph.planes(image), black)
    linear = graph.node("Div", above, graph.node("Max", graph.node("Sub", white, black), 1.0))
    clipped = graph.node("Clip", linear, FLOOR / 12.92, 1.0)
    doc = "Melanin and haemoglobin by unmixing of optical densities of a linear master."
    return _model(graph, _pigments(graph, graph.node("Log", clipped), 1.0), doc, "linear, to 16 bits")
