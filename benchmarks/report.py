"""Figures as `results.json`, as a table on the screen and on the pages."""

import json
import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
TRIALS = "share"
"""Unit of the rows of trials, which are many."""
Row = dict[str, Any]
HEADLINES = (
    "pass rate of the same heads, best over worst skin tone",
    "skin_items through Triton / ONNX Runtime in process",
    "overlays drawn on exactly their frame, 720p30",
    "booths on one core over WebRTC, VP8 720p15, all within 60 ms p95",
    "glass to overlay, p95 against FastRTC with the same receive policy",
    "live p95 while four 24 MP stills arrive and are analysed / idle",
    "quality verdict of a visit of four lights, 24 MP / 3 s",
    "everything of a visit of four lights, 24 MP / 180 s",
    "outbox / bare STOW-RS, a visit of 4 x 24 MP, more time",
)
"""One figure of each part, for those who read one page only."""


def results(rows: list[Row]) -> dict[str, Any]:
    """The content of `results.json`, every row with its day."""
    today = datetime.now(UTC).date().isoformat()
    return {"machine": machine(), "rows": [{**row, "date": today} for row in rows]}


def merged(found: dict[str, Any], path: Path, order: Sequence[str]) -> dict[str, Any]:
    """What was found, with the rows of the benchmarks that did not run as the file at `path` has them.

    In `order` of the benchmarks. A file of another machine, or none, adds nothing.
    """
    known: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"machine": "", "rows": []}
    ran = {row["benchmark"] for row in found["rows"]}
    kept = known["rows"] if known["machine"] == found["machine"] else []
    rows = found["rows"] + [row for row in kept if row["benchmark"] not in ran and row["benchmark"] in order]
    return {**found, "rows": sorted(rows, key=lambda row: order.index(row["benchmark"]))}


def write(found: dict[str, Any], path: Path, page: Path, readme: Path) -> None:
    """Write the file and, between the marks, the whole table of the page and the README's short one."""
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    _fill(page, _markdown(found, found["rows"]))
    _fill(readme, _summary(found))


def _summary(found: dict[str, Any]) -> str:
    """What misses its goal, and the headlines."""
    aimed = [row for row in found["rows"] if row["goal"] is not None]
    trials = [row for row in aimed if row["unit"] == TRIALS]
    others = [row for row in aimed if row["unit"] != TRIALS]
    shown = [row for row in others if not row["met"] or row["name"] in HEADLINES]
    words = [
        f"{_measured(found, aimed)} {_share(others)} goals are met: here is every one that is missed, and one figure of each part.",
        "",
        "| figure | value | goal | met |",
        "|---|---|---|---|",
        *(f"| {row['name']} | {_value(row)} | {_goal(row)} | {_met(row)} |" for row in shown),
    ]
    if trials:
        words += [
            "",
            f"{_share(trials)} goals for finding faults of known size and passing small ones are met.",
        ]
    return "\n".join(words)


def _share(rows: list[Row]) -> str:
    return f"{sum(bool(row['met']) for row in rows)} of {len(rows)}"


def _fill(page: Path, table: str) -> None:
    text = page.read_text()
    if BEGIN in text:
        filled = f"{BEGIN}\n{table}\n{END}"
        page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: filled, text, flags=re.DOTALL))


def show(found: dict[str, Any], console: Console) -> None:
    """Print the table."""
    table = Table(
        "figure", "value", "goal", "", "context", title=f"{found['machine']}, {_days(found['rows'])}"
    )
    for row in found["rows"]:
        table.add_row(row["name"], _value(row), _goal(row), _mark(row), row["context"])
    console.print(table)


def _markdown(found: dict[str, Any], rows: list[Row]) -> str:
    lines = [
        _measured(found, rows),
        "",
        "| figure | value | goal | met | context | day |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['name']} | {_value(row)} | {_goal(row)} | {_met(row)} | {row['context']} | {row['date']} |"
        for row in rows
    ]
    return "\n".join(lines)


def _measured(found: dict[str, Any], rows: list[Row]) -> str:
    return f"Measured {_days(rows)} by `make bench` on {found['machine']}."


def _days(rows: list[Row]) -> str:
    days = sorted({row["date"] for row in rows})
    return " to ".join(dict.fromkeys((days[0], days[-1]))) if days else ""


def _value(row: Row) -> str:
    return f"{row['value']} {row['unit']}"


def _goal(row: Row) -> str:
    goal = row["goal"]
    return "" if goal is None else goal if isinstance(goal, str) else f"<= {goal:g}"


def _met(row: Row) -> str:
    return "" if row["met"] is None else "yes" if row["met"] else "no"


def _mark(row: Row) -> str:
    return "" if row["met"] is None else "[green]met[/]" if row["met"] else "[red]missed[/]"


def machine() -> str:
    """Its processor and memory, in words."""
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores ({names[0] if names else model}), {memory:.0f} GiB, no GPU used"
