"""Facial skin by its own colour, learned from each picture inside the graph; nothing is trained.

The colour of the patch between eyes and mouth of the face box is taken as a normal distribution of
(Cr, Cb) (ITU-R BT.601) and luma. A pixel's distance is the squared Mahalanobis distance of its chroma, plus terms
for being darker than the patch (eyes, brows, hair, nostrils), outside the face ellipse (neck, ears, hair) and in
the mouth. The constants were chosen on 15 portraits, so scores on those are optimistic.
"""

from training.graphs.writer import GraphWriter

SEED = (0.5, 0.55, 0.3, 0.2)
"""Centre x, y and half axes of the patch, in widths and heights of the face box."""

LIMIT = (0.55, 0.75)
"""Half width and half height of the area that may be skin, in boxes."""

FACE = (0.48, 0.65, 0.55)
"""Half width, half height up and half height down of the face ellipse, in boxes."""

THRESHOLD = 9.0
"""Squared distance at which skin is as likely as not: Mahalanobis 3."""

SOFTNESS = 1.5
"""Width of the step from skin to not skin, in squared distance."""


class _Face:
    """Coordinates of every pixel in boxes: x from the middle, y from the top."""

    def __init__(self, graph: GraphWriter, planes: str, box: str) -> None:
        self.graph = graph
        shape = graph.node("Shape", planes)
        x, y, w, h = (
            graph.node("Unsqueeze", each, graph.axes(2, 3))
            for each in graph.nodes("Split", 4, box, axis=1, num_outputs=4)
        )
        least = graph.node("Min", w, h)
        self.present = graph.to_float(graph.node("Greater", least, 0.0))
        self.x = graph.node("Sub", self._axis(shape, 3, (1, 1, 1, -1), x, w), 0.5)
        self.y = self._axis(shape, 2, (1, 1, -1, 1), y, h)

    def _axis(self, shape: str, axis: int, view: tuple[int, ...], start: str, length: str) -> str:
        graph = self.graph
        count = graph.node("Gather", shape, graph.constant(axis, "int64"))
        steps = graph.node("Range", graph.constant(0, "int64"), count, graph.constant(1, "int64"))
        centres = graph.node("Add", graph.to_float(steps), 0.5)
        unit = graph.node("Div", centres, graph.to_float(count))
        offset = graph.node("Sub", graph.node("Reshape", unit, graph.axes(*view)), start)
        return graph.node("Div", offset, graph.node("Max", length, 1e-3))

    def squared(self, axis: str, centre: float, radius: str | float) -> str:
        """((axis - centre) / radius) squared."""
        ratio = self.graph.node("Div", self.graph.node("Sub", axis, centre), radius)
        return self.graph.node("Mul", ratio, ratio)

    def within(self, axis: str, centre: float, half: float) -> str:
        """1 where |axis - centre| < half."""
        away = self.graph.node("Abs", self.graph.node("Sub", axis, centre))
        return self.graph.to_float(self.graph.node("Less", away, half))


def _ramp(graph: GraphWriter, value: str, start: float, slope: float) -> str:
    """A straight line of that slope from `start` on, 0 before."""
    return graph.node("Mul", graph.node("Relu", graph.node("Sub", value, start)), slope)


def _statistics(graph: GraphWriter, weight: str, a: str, b: str) -> str:
    """Weighted mean of a * b over the picture, [B,1,1,1]; `weight` sums to one."""
    return graph.sum(graph.node("Mul", graph.node("Mul", weight, a), b), 2, 3)


def _centred(graph: GraphWriter, weight: str, plane: str) -> str:
    return graph.node("Sub", plane, graph.sum(graph.node("Mul", weight, plane), 2, 3))


def _colour_distance(graph: GraphWriter, weight: str, luma: str, cr: str, cb: str) -> str:
    """Squared distance of each pixel from the colour of the patch; a variance of one step is added as a floor."""
    u, v, y = (_centred(graph, weight, each) for each in (cr, cb, luma))
    a = graph.node("Add", _statistics(graph, weight, u, u), 1.0)
    d = graph.node("Add", _statistics(graph, weight, v, v), 1.0)
    b = _statistics(graph, weight, u, v)
    determinant = graph.node("Sub", graph.node("Mul", a, d), graph.node("Mul", b, b))
    p, q, r = (graph.node("Div", each, determinant) for each in (d, b, a))
    twice = graph.node("Mul", q, 2.0)
    first = graph.node("Mul", u, graph.node("Sub", graph.node("Mul", p, u), graph.node("Mul", twice, v)))
    chroma = graph.node("Add", first, graph.node("Mul", graph.node("Mul", r, v), v))
    spread = graph.node("Sqrt", graph.node("Add", _statistics(graph, weight, y, y), 1.0))
    darker = graph.node("Relu", graph.node("Sub", graph.node("Div", graph.node("Neg", y), spread), 1.0))
    return graph.node("Add", chroma, graph.node("Mul", graph.node("Mul", darker, darker), 3.0))


def _place_distance(graph: GraphWriter, face: _Face) -> str:
    """What a pixel's place adds: beyond 0.8 of the face ellipse, steeper below; and in the mouth."""
    lower = graph.to_float(graph.node("Greater", face.y, 0.5))
    radius = graph.node("Sub", FACE[1], graph.node("Mul", lower, FACE[1] - FACE[2]))
    ellipse = graph.node("Add", face.squared(face.x, 0.0, FACE[0]), face.squared(face.y, 0.5, radius))
    slope = graph.node("Add", graph.node("Mul", lower, 5.0), 5.0)
    outside = graph.node("Mul", graph.node("Relu", graph.node("Sub", ellipse, 0.8)), slope)
    mouth = graph.node("Add", face.squared(face.x, 0.0, 0.2), face.squared(face.y, 0.78, 0.1))
    return graph.node("Add", outside, _ramp(graph, graph.node("Neg", mouth), -1.0, 4.0))


def _opened(graph: GraphWriter, tensor: str) -> str:
    """Grey opening by a square of 5 px, separable."""
    for sign in (True, False):
        tensor = graph.node("Neg", tensor) if sign else tensor
        tensor = graph.node("MaxPool", tensor, kernel_shape=[5, 1], pads=[2, 0, 2, 0])
        tensor = graph.node("MaxPool", tensor, kernel_shape=[1, 5], pads=[0, 2, 0, 2])
        tensor = graph.node("Neg", tensor) if sign else tensor
    return tensor


def _luma_chroma(graph: GraphWriter, planes: str) -> tuple[str, str, str]:
    """Luma, and Cr and Cb averaged over 5 x 5 px (chroma is noisier, and coarser in JPEG and video)."""
    matrix = [[0.299, 0.587, 0.114], [0.5, -0.418688, -0.081312], [-0.168736, -0.331264, 0.5]]
    kernel = graph.constant([[[[value]] for value in row] for row in matrix])
    luma, cr, cb = graph.nodes("Split", 3, graph.node("Conv", planes, kernel), axis=1, num_outputs=3)
    smooth = [
        graph.node("AveragePool", each, kernel_shape=[5, 5], pads=[2, 2, 2, 2], count_include_pad=0)
        for each in (cr, cb)
    ]
    return luma, smooth[0], smooth[1]


def skin(graph: GraphWriter, planes: str, box: str) -> str:
    """From sRGB `planes` float32 [B,3,H,W] of 0..255 and `box` [B,4] (x, y, width, height in [0, 1]): uint8 [B,1,H,W].

    128 and more is skin. A box without area gives an empty map.
    """
    face = _Face(graph, planes, box)
    seed = graph.node(
        "Add", face.squared(face.x, SEED[0] - 0.5, SEED[2]), face.squared(face.y, SEED[1], SEED[3])
    )
    weight = graph.to_float(graph.node("Less", seed, 1.0))
    weight = graph.node("Div", weight, graph.node("Add", graph.sum(weight, 2, 3), 1e-6))
    colour = _colour_distance(graph, weight, *_luma_chroma(graph, planes))
    distance = graph.node("Add", colour, _place_distance(graph, face))
    # Bounded, because the sigmoid of very far pixels is a denormal number, which processors are slow with.
    logit = graph.node("Mul", graph.node("Sub", THRESHOLD, distance), 1 / SOFTNESS)
    soft = graph.node("Sigmoid", graph.node("Max", logit, -20.0))
    inside = graph.node("Mul", face.within(face.x, 0.0, LIMIT[0]), face.within(face.y, 0.5, LIMIT[1]))
    kept = graph.node("Mul", soft, graph.node("Mul", inside, face.present))
    return graph.to_uint8(graph.node("Mul", _opened(graph, kept), 255.0))
