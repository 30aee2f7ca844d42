"""The drift of a rig over its daily checks, as a picture."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from dermabooth.plots import FAIL, WARN, Line, Panel, plot
from station.calibration import DailyCheck, Drift

MOST_CHECKS: Final = 400
"""The newest that are drawn."""
_TITLES: Final = {
    "colour": "Colour of the patches",
    "lamp": "Lamp output",
    "scale": "Scale",
    "focus": "Sharpness lost",
    "polarisation": "Gain between the polarised modes",
}


def drift_plot(checks: Sequence[DailyCheck]) -> str:
    """SVG of every figure over time, with the levels at which it warns and fails."""
    shown = list(checks)[-MOST_CHECKS:]
    names = list(dict.fromkeys(figure.name for check in shown for figure in check.figures))
    rig = shown[-1].rig if shown else ""
    return plot([_panel(name, shown) for name in names], f"Drift of {rig} since its calibration")


def _panel(name: str, checks: Sequence[DailyCheck]) -> Panel:
    found: list[tuple[float, Drift]] = [
        (check.checked_at, figure) for check in checks for figure in check.figures if figure.name == name
    ]
    last = found[-1][1]
    kind, _, light = name.partition("/")
    ends = dict.fromkeys((found[0][0], found[-1][0]))
    return Panel(
        title=_TITLES.get(kind, kind) + (f", {light.replace('_', ' ')}" if light else ""),
        x_label="day",
        y_label=f"drift, {last.unit}",
        points=[(at, figure.drift) for at, figure in found],
        lines=(Line(last.warn, WARN, text="warn"), Line(last.fail, FAIL, text="fail")),
        joined=True,
        x_texts=[(at, f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}") for at in ends],
        band=(0.0, last.fail),
    )
