"""What came of the demo's visit, as people read it."""

import re
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from station.protocol import Verdict

REGION = "face"
"""The part whose measures are shown; `--json` has the others."""
_DETAILS = re.compile(r"_(sd|count|density|size|intensity|depth|star|estimate|uncertain|p\d)$")
"""Endings of measures that the viewer and `--json` have, for what is printed must fit a screen."""
_CONDITION = "condition_"
_GRADE, _UNSURE = "acne_severity", "acne_severity_uncertain"
"""A whole number, and 1 where the model is not sure of it."""
_COLOURS = {Verdict.PASS: "green", Verdict.WARN: "yellow", Verdict.FAIL: "red", Verdict.UNKNOWN: "dim"}
_NAMES = {"ita": "ITA"}
_UNITS = {"1": "", "Lab": "", "deg": "°", "optical density": "OD"}

Record = dict[str, Any]


def show(outcome: Record, console: Console) -> None:
    """Print the outcome: a table for each view, with a column for each light."""
    for view in dict.fromkeys(record["view"] for record in outcome["quality"]):
        quality = [record for record in outcome["quality"] if record["view"] == view]
        measures = [m for m in outcome["measures"] if m["view"] == view and m["region"] == REGION]
        shown = [m for m in measures if _is_shown(m)]
        unsure = {m["image"] for m in measures if m["name"] == _UNSURE and m["value"]}
        console.print(_table(view, quality, shown, unsure))
        _show_conditions(measures, console)
        _show_advice(quality, console)
        _show_unmeasured(shown, console)
    stills, live = outcome["stills"], outcome["live"]
    median, p95 = (_milliseconds(live["latency_ms"][name]) for name in ("p50", "p95"))
    _tell(
        console,
        f"{stills['stored']} of {stills['taken']} stills stored, {len(outcome['instances'])} DICOM objects",
    )
    _tell(
        console,
        f"live: {live['overlays_received']} overlays for {live['frames_sent']} frames, each back after "
        f"{median} (median), {p95} (p95)",
    )
    for sent in outcome.get("destinations", ()):
        states = ", ".join(f"{number} {state}" for state, number in sent["states"].items() if number)
        _tell(console, f"sent to {sent['name']}: {states or 'nothing'}", "" if sent["ok"] else "red")
        for reason in sent["reasons"]:
            _tell(console, f"  {reason}", "red")
    for still in outcome["not_taken"]:
        _tell(console, f"not taken: {still['view']}, {still['light']}: {still['why']}", "red")
    for failure in outcome["failures"]:
        _tell(console, f"{failure['step']} {failure['state']}: {failure['error']}", "red")


def _table(view: str, quality: list[Record], measures: list[Record], unsure: set[str]) -> Table:
    images = [record["image"] for record in quality]
    title = f"Skin of the whole face, {_words(view)}"
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for record in quality:
        table.add_column(_words(record["light"]), justify="right")
    table.add_row("capture quality", "", *(_verdict(record["verdict"]) for record in quality))
    for name in dict.fromkeys(measure["name"] for measure in measures):
        found = {measure["image"]: measure for measure in measures if measure["name"] == name}
        if any(measure["value"] is not None for measure in found.values()):
            unit = next(iter(found.values()))["unit"]
            cells = (_value(found.get(image), sure=image not in unsure) for image in images)
            table.add_row(_NAMES.get(name, _words(name)), _UNITS.get(unit, unit), *cells)
    return table


def _is_shown(measure: Record) -> bool:
    name, value = measure["name"], measure["value"]
    if name.startswith(_CONDITION) and value is not None:
        return False
    return not _DETAILS.search(name)


def _show_conditions(measures: list[Record], console: Console) -> None:
    """One line of the conditions that are likelier than not, the likeliest first."""
    told = {
        m["name"].removeprefix(_CONDITION): m["value"]
        for m in measures
        if m["name"].startswith(_CONDITION) and m["value"] is not None
    }
    likely = sorted((name for name in told if told[name] >= 0.5), key=lambda name: -told[name])
    if told:
        names = ", ".join(f"{_words(name)} {told[name]:.2f}" for name in likely) or "none is likely"
        console.print(f"conditions, probability: {names}", highlight=False, markup=False)


def _show_advice(quality: list[Record], console: Console) -> None:
    for record in quality:
        told = dict.fromkeys(m["advice"] for m in record["measures"] if m["verdict"] in ("warn", "fail"))
        if advice := "; ".join(text for text in told if text):
            _tell(console, f"{_words(record['light'])}: {advice}")


def _show_unmeasured(measures: list[Record], console: Console) -> None:
    measured = {measure["name"] for measure in measures if measure["value"] is not None}
    reasons: dict[str, list[str]] = {}
    for measure in measures:
        if measure["name"] not in measured:
            names = reasons.setdefault(measure["reason"], [])
            if (name := _group(measure["name"])) not in names:
                names.append(name)
    for reason, names in reasons.items():
        words = f"not measurable: {', '.join(names)} ({reason})"
        console.print(words, style="dim", highlight=False, markup=False)


def _group(name: str) -> str:
    return "conditions" if name.startswith(_CONDITION) else _words(name)


def _verdict(verdict: str) -> Text:
    return Text(verdict, _COLOURS[Verdict(verdict)])


def _value(measure: Record | None, *, sure: bool) -> str:
    if measure is None:
        return ""
    value = measure["value"]
    if value is None:
        return "–"
    if measure["name"] == _GRADE:
        return f"{value:.0f}" if sure else f"{value:.0f} (uncertain)"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} ms"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _tell(console: Console, line: str, style: str = "") -> None:
    console.print(line, style=style, highlight=False, markup=False, soft_wrap=True)
