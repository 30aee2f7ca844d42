"""Values of repeated captures as a table, and what they tell of every measure."""

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from dermabooth.counted import counted
from dermabooth.plots import FAIL, INK, PANEL_HEIGHT, Line, Panel, plot
from station.calibration import BlandAltman, Estimate, Repeatability, repeatability
from station.errors import ConfigError

COLUMNS: Final = ("head", "capture", "light", "region", "measure", "unit", "value")
LEAST_HEADS: Final = 2


@dataclass(frozen=True, order=True)
class MeasureKey:
    """What is measured."""

    light: str
    region: str
    measure: str
    unit: str = ""

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.measure} {self.region}, {self.light}".replace("_", " ").strip(", ")

    @property
    def file_name(self) -> str:
        """Without an ending."""
        words = "-".join(part for part in (self.light, self.region, self.measure) if part)
        return "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in words)


@dataclass(frozen=True)
class Value:
    """One number of one capture of one head."""

    head: str
    capture: int
    key: MeasureKey
    value: float | None
    """None: not measurable."""


@dataclass(frozen=True)
class Report:
    """What is known of every measure, and why nothing is known of the others."""

    found: Mapping[MeasureKey, Repeatability]
    left_out: Mapping[MeasureKey, str]


def read_values(path: Path) -> list[Value]:
    """The values in a CSV file with the columns head, capture, measure and value; light, region and unit may be there.

    An empty value is one that could not be measured. Raises `ConfigError` naming the line.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path.name} is not UTF-8 text: save it as UTF-8") from error
    rows = csv.DictReader(io.StringIO(text, newline=""))
    try:
        given = rows.fieldnames or []
        if missing := [name for name in ("head", "capture", "measure", "value") if name not in given]:
            raise ConfigError(f"{path.name} has no column {', '.join(missing)}")
        return [_value(row) for row in rows]
    except (ValueError, csv.Error) as error:
        raise ConfigError(f"{path.name} line {rows.line_num}: {error}") from error


def write_values(values: Iterable[Value], path: Path) -> None:
    """The file that `read_values` reads."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for one in values:
            key, number = one.key, "" if one.value is None else repr(one.value)
            writer.writerow([one.head, one.capture, key.light, key.region, key.measure, key.unit, number])


def report(values: Sequence[Value]) -> Report:
    """The repeatability of every measure, of the heads that have a value in every capture."""
    captures = sorted({value.capture for value in values})
    heads = list(dict.fromkeys(value.head for value in values))
    at = {(value.key, value.head, value.capture): value.value for value in values}
    found: dict[MeasureKey, Repeatability] = {}
    left_out: dict[MeasureKey, str] = {}
    for key in dict.fromkeys(value.key for value in values):
        rows = [[at.get((key, head, capture)) for capture in captures] for head in heads]
        whole = [row for row in rows if all(number is not None for number in row)]
        if len(whole) < LEAST_HEADS or len(captures) < 2:
            seen = f"{counted(len(heads), 'head')} with {counted(len(captures), 'capture')} each"
            left_out[key] = f"whole: {len(whole)} of {seen}; at least 2 heads with 2 captures are needed"
        else:
            found[key] = repeatability(np.array(whole, np.float64))
    return Report(found, left_out)


def as_json(told: Report) -> dict[str, Any]:
    """For `repeatability.json`."""
    return {
        "method": "SEM = within-subject SD (Bland & Altman 1996); ICC(A,1) (McGraw & Wong 1996); 95 % intervals",
        "measures": [_as_json(key, one) for key, one in told.found.items()],
        "left_out": [{**vars(key), "reason": reason} for key, reason in told.left_out.items()],
    }


def bland_altman_plot(key: MeasureKey, found: BlandAltman) -> str:
    """SVG of the differences over the means, with bias and limits of agreement and their intervals."""
    unit = f", {key.unit}" if key.unit else ""
    lines = [Line(found.bias.value, INK, dashed=False, text=f"bias {found.bias.value:.3g}")]
    for limit in (found.lower, found.upper):
        lines += [Line(limit.value, FAIL, text=f"{limit.value:.3g}"), Line(limit.low), Line(limit.high)]
    panel = Panel(
        title="Limits of agreement (Bland and Altman 1986), grey: 95 % intervals",
        x_label=f"mean of two captures{unit}",
        y_label=f"later - earlier{unit}",
        points=found.points,
        lines=lines,
        height=2 * PANEL_HEIGHT,
    )
    return plot([panel], key.words)


def _value(row: Mapping[str, str | None]) -> Value:
    text = (row["value"] or "").strip()
    number = float(text) if text else None
    if number is not None and not math.isfinite(number):
        raise ValueError(f"value {text} is not finite")
    key = MeasureKey(
        row.get("light") or "", row.get("region") or "", row["measure"] or "", row.get("unit") or ""
    )
    return Value(row["head"] or "", int(row["capture"] or ""), key, number)


def _as_json(key: MeasureKey, one: Repeatability) -> dict[str, Any]:
    limits = one.bland_altman
    return {
        **vars(key),
        "heads": one.subjects,
        "captures": one.captures,
        "mean": one.mean,
        "cv_percent": _told(one.cv_percent),
        "icc_a1": _told(one.icc),
        "sem": _told(one.sem),
        "smallest_detectable_change": _told(one.smallest_change),
        "bland_altman": {
            "bias": _told(limits.bias),
            "lower": _told(limits.lower),
            "upper": _told(limits.upper),
            "plot": f"{key.file_name}.svg",
        },
    }


def _told(estimate: Estimate | None) -> dict[str, float] | None:
    return None if estimate is None else dict(vars(estimate))
