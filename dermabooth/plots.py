"""Small plots as SVG 1.1 text, without a plotting library."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate
from typing import Final

WIDTH: Final = 720
PANEL_HEIGHT: Final = 190
_HEAD = 30
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 34, 34
INK, WARN, FAIL, FAINT = "#1b4f72", "#b7791f", "#b03030", "#8a8a8a"


@dataclass(frozen=True)
class Line:
    """A level across a panel."""

    y: float
    colour: str = FAINT
    dashed: bool = True
    text: str = ""


@dataclass(frozen=True)
class Panel:
    """Points over an axis, with levels."""

    title: str
    x_label: str
    y_label: str
    points: Sequence[tuple[float, float]]
    lines: Sequence[Line] = ()
    joined: bool = False
    """Points are joined in the order given."""
    x_texts: Sequence[tuple[float, str]] = ()
    """Texts of the horizontal axis, in place of numbers."""
    band: tuple[float, float] | None = None
    """Vertical range that the panel shows at least."""
    height: int = PANEL_HEIGHT
    """With title and labels, px."""


def plot(panels: Sequence[Panel], title: str) -> str:
    """The panels one below the other, as one SVG document; the title and each panel's are its accessible text."""
    tops = list(accumulate((panel.height for panel in panels), initial=_HEAD))
    height = tops[-1]
    body = "".join(_panel(panel, top) for panel, top in zip(panels, tops, strict=False))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" role="img" font-family="sans-serif" font-size="12">'
        f"<title>{escape(title)}</title>"
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="12" y="20" font-size="14" font-weight="bold">{escape(title)}</text>{body}</svg>\n'
    )


class _Axes:
    """Where values of a panel lie in the document, px; the panel begins at `top`."""

    def __init__(self, panel: Panel, top: float) -> None:
        xs = [x for x, _ in panel.points] or [0.0]
        ys = [y for _, y in panel.points] + [line.y for line in panel.lines] + list(panel.band or ())
        self.x_range, self.y_range = _range(xs), _range(ys or [0.0])
        self.top, self.across = top + _TOP, WIDTH - _LEFT - _RIGHT
        self.down = panel.height - _TOP - _BOTTOM
        self.bottom = top + panel.height

    def x(self, value: float) -> float:
        return _LEFT + self.across * (value - self.x_range[0]) / (self.x_range[1] - self.x_range[0])

    def y(self, value: float) -> float:
        return self.top + self.down * (self.y_range[1] - value) / (self.y_range[1] - self.y_range[0])


def _panel(panel: Panel, top: float) -> str:
    axes = _Axes(panel, top)
    levels = [_level(line, axes.y(line.y)) for line in panel.lines]
    return "".join([*_frame(panel, axes), *_numbers(panel, axes), *levels, *_points(panel, axes)])


def _frame(panel: Panel, axes: _Axes) -> Iterator[str]:
    """Box, title and the names of the axes."""
    top, across, down, middle = axes.top, axes.across, axes.down, axes.top + axes.down / 2
    yield f'<text x="{_LEFT}" y="{top - 10}">{escape(panel.title)}</text>'
    yield f'<rect x="{_LEFT}" y="{top}" width="{across}" height="{down}" fill="none" stroke="#cccccc"/>'
    yield (
        f'<text x="12" y="{middle:.1f}" font-size="10" '
        f'transform="rotate(-90 12 {middle:.1f})" text-anchor="middle">{escape(panel.y_label)}</text>'
    )
    yield (
        f'<text x="{_LEFT + across / 2}" y="{axes.bottom - 4}" font-size="10" '
        f'text-anchor="middle">{escape(panel.x_label)}</text>'
    )


def _numbers(panel: Panel, axes: _Axes) -> Iterator[str]:
    marks = panel.x_texts or [(x, f"{x:.4g}") for x in axes.x_range]
    for y in axes.y_range:
        yield _text(_LEFT - 6, axes.y(y) + 4, f"{y:.3g}", "end")
    for x, text in marks:
        yield _text(axes.x(x), axes.bottom - _BOTTOM + 14, text, "middle")


def _points(panel: Panel, axes: _Axes) -> Iterator[str]:
    places = [(axes.x(x), axes.y(y)) for x, y in panel.points]
    if panel.joined and len(places) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        yield f'<polyline points="{path}" fill="none" stroke="{INK}"/>'
    for x, y in places:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{INK}" fill-opacity="0.75"/>'


def _level(line: Line, y: float) -> str:
    dash = ' stroke-dasharray="5 4"' if line.dashed else ""
    drawn = (
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{line.colour}"{dash}/>'
    )
    return drawn + (_text(WIDTH - _RIGHT - 4, y - 3, line.text, "end") if line.text else "")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="10" text-anchor="{anchor}">{escape(text)}</text>'


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    reach = (high - low) * 0.06 or max(abs(high), 1.0) * 0.1
    return low - reach, high + reach
