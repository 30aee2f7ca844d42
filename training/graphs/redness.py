"""Redness: haemoglobin above its local mean within the skin; nothing is trained."""

from training.graphs.local import reshaped, spread, window_sum
from training.graphs.writer import GraphWriter

GAIN = 4.0
"""Map value per step of the haemoglobin map."""


def redness(graph: GraphWriter, haemoglobin: str, mask: str) -> str:
    """From `haemoglobin` uint8 and `mask` float32, both [B,1,H,W]: a uint8 map, 0 outside the skin and 3 px inside its edge.

    Single pixels are averaged over 5 x 5, because chroma is the noisiest part of a coded picture. The local mean
    is over the skin pixels of an 88 px window on a grid of 8 px.
    """
    blood = graph.to_float(haemoglobin)
    total = window_sum(graph, graph.node("Mul", blood, mask))
    count = graph.node("Max", window_sum(graph, mask), 1e-3)
    baseline = spread(graph, graph.node("Div", total, count), blood)
    smooth = graph.node("AveragePool", blood, kernel_shape=[5, 5], pads=[2, 2, 2, 2], count_include_pad=0)
    excess = graph.node("Mul", graph.node("Sub", smooth, baseline), GAIN)
    return graph.to_uint8(graph.node("Mul", excess, reshaped(graph, mask, 0, 3)))
