"""Encoded samples to light."""

from training.graphs.writer import GraphWriter


def linear(graph: GraphWriter, encoded: str) -> str:
    """Samples of 0..255 in sRGB to linear [0, 1] (IEC 61966-2-1), the straight part replaced by the power."""
    scaled = graph.node("Add", graph.node("Mul", encoded, 1 / (255 * 1.055)), 0.055 / 1.055)
    return graph.node("Exp", graph.node("Mul", graph.node("Log", scaled), 2.4))
