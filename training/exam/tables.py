"""A report as tables: the same for the screen and for the model's card."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from phantom import ITA_CLASSES
from training.exam.goals import FAINT, IN_RANGE, SHIFTED, SHIFTED_ONE, goal
from training.exam.report import Figure, Figures, Report

_NONE = "–"


@dataclass(frozen=True)
class TextTable:
    """A titled table of text."""

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(model: str, report: Report) -> list[TextTable]:
    """Headline figures against goals and opponent, then by ITA class, then every further set."""
    found = [_headlines(model, report), _by_ita(report)]
    for name in report.metrics:
        if name == FAINT and any("contrast-to-noise" in measure for measure in report.metrics[name]):
            found.append(_faint(report.metrics[name]))
        elif name == SHIFTED_ONE:
            found.append(_one_group(model, report.metrics[name]))
        elif name not in (IN_RANGE, SHIFTED):
            found.append(_further(model, name, report.metrics[name]))
    return [each for each in found if each.rows]


def text(figure: Figure | None) -> str:
    """Value and interval with three digits, or a dash."""
    if figure is None or not math.isfinite(figure.value):
        return _NONE
    if math.isfinite(figure.low):
        return f"{figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
    return f"{figure.value:.3f}"


def verdict(model: str, name: str, measure: str, figure: Figure | None) -> str:
    """The goal and whether it was met; nothing where there is none."""
    wanted = goal(model, name, measure)
    if wanted is None or figure is None:
        return ""
    return f"{wanted} {'met' if wanted.met(figure) else '**not met**'}"


def closing(model: str, report: Report) -> str:
    """How many of the goals were met, and the one that was missed by the largest share of its bound."""
    asked = [
        (wanted, figure, f"{of_set}, {measure}")
        for of_set, figures in report.metrics.items()
        for measure, figure in figures.items()
        if (wanted := goal(model, of_set, measure)) is not None
    ]
    missed = [each for each in asked if not each[0].met(each[1])]
    told = f"{model}: {len(asked) - len(missed)} of {len(asked)} goals met"
    if not missed:
        return told
    wanted, figure, name = max(missed, key=lambda each: each[0].miss(each[1]))
    return f"{told}; farthest: {name} {text(figure)}, wanted {wanted}"


def _headlines(model: str, report: Report) -> TextTable:
    both = report.metrics.get(IN_RANGE, {}), report.metrics.get(SHIFTED, {})
    rows = []
    for measure in dict.fromkeys([*both[0], *both[1]]):
        row = [measure]
        for name, figures in zip((IN_RANGE, SHIFTED), both, strict=True):
            figure = figures.get(measure)
            opponent = report.baseline.get(name, {}).get(measure)
            row += [text(figure), verdict(model, name, measure, figure), text(opponent)]
        rows.append(tuple(row))
    header = ("measure", "in-range", "goal", "without training", "shifted", "goal", "without training")
    return TextTable("In-range and shifted, 95 % intervals by subject", header, tuple(rows))


def _by_ita(report: Report) -> TextTable:
    rows = [
        (name, measure, *(_with_count(classes.get(each)) for each in ITA_CLASSES))
        for name, measures in report.by_ita.items()
        for measure, classes in measures.items()
    ]
    header = ("set", "measure", *(each.replace("_", " ") for each in ITA_CLASSES))
    return TextTable("By ITA class (pictures)", header, tuple(rows))


def _with_count(figure: Figure | None) -> str:
    if figure is None or not math.isfinite(figure.value):
        return _NONE
    return f"{figure.value:.3f} ({figure.n})"


def _further(model: str, name: str, figures: Figures) -> TextTable:
    rows = [
        (measure, text(each), verdict(model, name, measure, each), str(each.n))
        for measure, each in figures.items()
    ]
    return TextTable(name.capitalize(), ("measure", "value", "goal", "n"), tuple(rows))


def _one_group(model: str, figures: Figures) -> TextTable:
    """Measures against groups, with the worst group's goal where there is one."""
    cells: dict[str, dict[str, Figure]] = {}
    for measure, figure in figures.items():
        name, group = measure.rsplit(", ", 1)
        cells.setdefault(name, {})[group] = figure
    groups = list(dict.fromkeys(group for row in cells.values() for group in row))
    rows = tuple(
        (name, *(_worst(model, name, group, row.get(group)) for group in groups))
        for name, row in cells.items()
    )
    return TextTable("One group shifted at a time", ("measure", *groups), rows)


def _worst(model: str, name: str, group: str, figure: Figure | None) -> str:
    if figure is None or not math.isfinite(figure.value):
        return _NONE
    return f"{figure.value:.3f} {verdict(model, SHIFTED_ONE, f'{name}, {group}', figure)}".strip()


def _faint(figures: Figures) -> TextTable:
    """Kinds against bins of contrast to noise."""
    cells: dict[str, dict[str, Figure]] = {}
    for measure, figure in figures.items():
        kind, bin_of = measure.removeprefix("recall ").split(", contrast-to-noise ")
        cells.setdefault(kind, {})[bin_of] = figure
    bins = sorted({each for row in cells.values() for each in row}, key=_start)
    rows = tuple((kind, *(_with_count(row.get(each)) for each in bins)) for kind, row in cells.items())
    return TextTable("Faint: recall (lesions) by contrast to noise", ("kind", *bins), rows)


def _start(bin_of: str) -> float:
    return float(bin_of.split(" to ")[0])


def markdown(found: Iterable[TextTable]) -> str:
    """GitHub's tables with headings of the third level."""
    parts = []
    for table in found:
        lines = [f"### {table.title}", ""]
        lines += [_line(table.header), _line(["---"] * len(table.header)), *map(_line, table.rows)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
