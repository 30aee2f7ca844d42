"""A value over the visits, drawn small."""

from collections.abc import Sequence

from server.signing.paper.canvas import GOOD, INK, MUTED, Canvas
from server.signing.sheet import Past

_DOT = 0.55


def draw_course(
    canvas: Canvas, box: tuple[float, float, float, float], past: Sequence[Past], now: Past
) -> None:
    """Values from the oldest to this visit's, in `box` (x, y, width, height in mm), spaced as the visits were in time.

    What was measured with another method is a ring, and no line leads to it.
    """
    x, y, width, height = box
    points = [*past, now]
    values, begin = [one.value for one in points], points[0].at
    low, high = min(values), max(values)
    spread, duration = (high - low) or 1.0, max(now.at - begin, 1.0)
    places = [
        (
            x + _DOT + (one.at - begin) / duration * (width - 2 * _DOT),
            y + height / 2 if high == low else y + height - (one.value - low) / spread * height,
        )
        for one in points
    ]
    with canvas.local_context(draw_color=MUTED, fill_color=MUTED, line_width=0.25):
        for index in range(1, len(points)):
            if points[index - 1].comparable and points[index].comparable:
                canvas.line(*places[index - 1], *places[index])
        for place, one in zip(places[:-1], points, strict=False):
            canvas.circle(*place, _DOT, style="F" if one.comparable else "D")
    with canvas.local_context(fill_color=GOOD, draw_color=INK):
        canvas.circle(*places[-1], _DOT * 1.4, style="F")
