"""Figures as `results.json`, as a table on the screen and on the pages."""

import json
import os
import platform
import re
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


def results(rows: list[Row]) -> dict[str, Any]:
    """The content of `results.json`."""
    return {"machine": _machine(), "date": datetime.now(UTC).date().isoformat(), "rows": rows}


def write(found: dict[str, Any], path: Path, page: Path, readme: Path) -> None:
    """Write the file and, between the marks, the whole table of the page and the README's: what has a goal, trials summed up."""
    path.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    _fill(page, _markdown(found, found["rows"]))
    aimed = [row for row in found["rows"] if row["goal"] is not None]
    trials = [row for row in aimed if row["unit"] == TRIALS]
    words = f"Of {len(trials)} goals for finding faults of known size and passing small ones {sum(row['met'] for row in trials)} are met."
    shown = [row for row in aimed if row["unit"] != TRIALS]
    _fill(readme, f"{_markdown(found, shown)}\n\n{words if trials else ''}".rstrip())


def _fill(page: Path, table: str) -> None:
    text = page.read_text()
    if BEGIN in text:
        filled = f"{BEGIN}\n{table}\n{END}"
        page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: filled, text, flags=re.DOTALL))


def show(found: dict[str, Any], console: Console) -> None:
    """Print the table."""
    table = Table("figure", "value", "goal", "", "context", title=f"{found['machine']}, {found['date']}")
    for row in found["rows"]:
        table.add_row(row["name"], f"{row['value']} {row['unit']}", _goal(row), _mark(row), row["context"])
    console.print(table)


def _markdown(found: dict[str, Any], rows: list[Row]) -> str:
    lines = [
        f"Measured {found['date']} by `make bench` on {found['machine']}.",
        "",
        "| figure | value | goal | met | context |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['name']} | {row['value']} {row['unit']} | {_goal(row)} | {_met(row)} | {row['context']} |"
        for row in rows
    ]
    return "\n".join(lines)


def _goal(row: Row) -> str:
    goal = row["goal"]
    return "" if goal is None else goal if isinstance(goal, str) else f"<= {goal:g}"


def _met(row: Row) -> str:
    return "" if row["met"] is None else "yes" if row["met"] else "no"


def _mark(row: Row) -> str:
    return "" if row["met"] is None else "[green]met[/]" if row["met"] else "[red]missed[/]"


def _machine() -> str:
    model = platform.machine()
    with open("/proc/cpuinfo") as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    memory = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores ({names[0] if names else model}), {memory:.0f} GiB, no GPU used"
