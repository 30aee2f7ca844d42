"""Small plots as SVG 1.1 text, without a plotting library."""

from collections.abc import Sequence
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


def _panel(panel: Panel, top: float) -> str:
    xs = [x for x, _ in panel.points] or [0.0]
    ys = [y for _, y in panel.points] + [line.y for line in panel.lines] + list(panel.band or ())
    x_range, y_range = _range(xs), _range(ys or [0.0])
    across = WIDTH - _LEFT - _RIGHT
    down = panel.height - _TOP - _BOTTOM

    def at_x(x: float) -> float:
        return _LEFT + across * (x - x_range[0]) / (x_range[1] - x_range[0])

    def at_y(y: float) -> float:
        return top + _TOP + down * (y_range[1] - y) / (y_range[1] - y_range[0])

    parts = [
        f'<text x="{_LEFT}" y="{top + _TOP - 10}">{escape(panel.title)}</text>',
        f'<rect x="{_LEFT}" y="{top + _TOP}" width="{across}" height="{down}" fill="none" stroke="#cccccc"/>',
        f'<text x="12" y="{top + _TOP + down / 2:.1f}" font-size="10" '
        f'transform="rotate(-90 12 {top + _TOP + down / 2:.1f})" text-anchor="middle">{escape(panel.y_label)}</text>',
        f'<text x="{_LEFT + across / 2}" y="{top + panel.height - 4}" font-size="10" '
        f'text-anchor="middle">{escape(panel.x_label)}</text>',
    ]
    below, marks = top + panel.height - _BOTTOM + 14, panel.x_texts or [(x, f"{x:.4g}") for x in x_range]
    parts += [_text(_LEFT - 6, at_y(y) + 4, f"{y:.3g}", "end") for y in y_range]
    parts += [_text(at_x(x), below, text, "middle") for x, text in marks]
    parts += [_level(line, at_y(line.y)) for line in panel.lines]
    places = [(at_x(x), at_y(y)) for x, y in panel.points]
    if panel.joined and len(places) > 1:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{INK}"/>')
    parts += [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{INK}" fill-opacity="0.75"/>' for x, y in places
    ]
    return "".join(parts)


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
