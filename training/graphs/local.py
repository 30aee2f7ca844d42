"""Local means inside the skin, shared by the maps that compare a pixel with its surroundings."""

from training.graphs.writer import GraphWriter

CELL = 8
"""Side of the cells that means are taken over, px."""

REACH = 5
"""Cells to each side that count as surroundings: the window is (2 * REACH + 1) * CELL = 88 px wide."""


def reshaped(graph: GraphWriter, mask: str, grow: int, shrink: int) -> str:
    """The mask grown and then shrunk by so many px (squares, separable)."""
    for reach, sign in ((grow, 1), (shrink, -1)):
        side = 2 * reach + 1
        if not reach:
            continue
        mask = mask if sign > 0 else graph.node("Neg", mask)
        mask = graph.node("MaxPool", mask, kernel_shape=[side, 1], pads=[reach, 0, reach, 0])
        mask = graph.node("MaxPool", mask, kernel_shape=[1, side], pads=[0, reach, 0, reach])
        mask = mask if sign > 0 else graph.node("Neg", mask)
    return mask


def window_sum(graph: GraphWriter, planes: str, reach: int = REACH) -> str:
    """Box-filtered planes on the coarse grid of cells (a mean; ratios of two are what is used)."""
    cells = graph.node("AveragePool", planes, kernel_shape=[CELL, CELL], strides=[CELL, CELL])
    side = 2 * reach + 1
    rows = graph.node(
        "AveragePool", cells, kernel_shape=[side, 1], pads=[reach, 0, reach, 0], count_include_pad=1
    )
    return graph.node(
        "AveragePool", rows, kernel_shape=[1, side], pads=[0, reach, 0, reach], count_include_pad=1
    )


def spread(graph: GraphWriter, coarse: str, like: str) -> str:
    """Bilinear enlargement of [B,1,h,w] to the height and width of `like`."""
    shape = graph.node("Shape", like)
    lead = graph.node("Shape", coarse, start=0, end=2)
    size = graph.node("Slice", shape, graph.axes(2), graph.axes(4))
    target = graph.node("Concat", lead, size, axis=0)
    return graph.node(
        "Resize", coarse, "", "", target, mode="linear", coordinate_transformation_mode="half_pixel"
    )
