"""Specular reflection of a single picture under white light; nothing is trained.

Dichromatic model (S. Shafer, "Using color to separate reflection components", 1985) with the light's colour at
(1,1,1): the surface reflection s adds equally to all channels, so that the darkest and brightest channels are
min = r d + s and max = d + s, with r their ratio in the diffuse colour. With r from the surroundings,
s = (min - r max) / (1 - r). It is the loss of chroma that counts, not brightness, so dark skin is treated alike.
"""

from training.graphs.local import reshaped, spread, window_sum
from training.graphs.srgb import linear
from training.graphs.writer import GraphWriter

STEPS_PER_WHITE = 1020.0
"""Map value per linear white: 255 stands for a quarter of white and more."""


def reflection(graph: GraphWriter, planes: str, mask: str) -> str:
    """From sRGB `planes` [B,3,H,W] of 0..255 and `mask` [B,1,H,W], both float32: a uint8 map, 0 outside the skin.

    A highlight has not the colour of skin: holes of up to 8 px in the skin are searched too, and 2 px at its edge not.
    """
    low = linear(graph, graph.node("ReduceMin", planes, graph.axes(1), keepdims=1))
    high = linear(graph, graph.node("ReduceMax", planes, graph.axes(1), keepdims=1))
    # Bright pixels count less, so that the reflections sought do not raise the ratio they are measured against.
    weight = graph.node("Div", mask, graph.node("Add", low, 0.02))
    low_mean = window_sum(graph, graph.node("Mul", weight, low))
    high_mean = window_sum(graph, graph.node("Mul", weight, high))
    count = graph.node("Max", window_sum(graph, weight), 1e-3)
    ratio = graph.node("Div", low_mean, graph.node("Max", high_mean, 1e-6))
    ratio = spread(graph, graph.node("Clip", ratio, 0.0, 0.9), low)
    floor = spread(graph, graph.node("Div", low_mean, count), low)
    chroma_loss = graph.node(
        "Div", graph.node("Sub", low, graph.node("Mul", ratio, high)), graph.node("Sub", 1.0, ratio)
    )
    reflected = graph.node("Min", chroma_loss, graph.node("Sub", low, floor))
    scaled = graph.node("Mul", graph.node("Mul", reflected, reshaped(graph, mask, 4, 6)), STEPS_PER_WHITE)
    return graph.to_uint8(scaled)
