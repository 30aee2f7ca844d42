"""A run of several benchmarks."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks import __main__ as whole
from benchmarks import report
from benchmarks.live.rows import at_most

pytestmark = pytest.mark.unit


async def fine() -> list[dict[str, Any]]:
    return [at_most("a figure", 1.0, "ms", 2.0, "")]


async def broken() -> list[dict[str, Any]]:
    raise RuntimeError("the peer has ended\nits log")


async def test_one_that_cannot_be_measured_does_not_cost_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "BENCHMARKS", {"broken": broken, "fine": fine})
    console = Console(file=StringIO(), width=200)
    rows = await whole.measure(["broken", "fine"], console)
    assert [(row["name"], row["met"]) for row in rows] == [("broken", None), ("a figure", True)]
    found = report.results(rows)
    report.show(found, console)
    assert "its log" in console.file.getvalue()  # type: ignore[attr-defined]
    assert "not measured" in report._markdown(found, found["rows"])


def test_what_did_not_run_stays_as_the_same_machine_measured_it(tmp_path: Path) -> None:
    order, path, page = ["one", "two", "gone"], tmp_path / "results.json", tmp_path / "page.md"
    page.write_text(f"{report.BEGIN}{report.END}")
    old = report.results([at_most(name, 1.0, "ms", 2.0, "") | {"benchmark": name} for name in order])
    report.write({**old, "rows": [{**row, "date": "2026-01-02"} for row in old["rows"]]}, path, page, page)
    new = report.results([at_most("again", 3.0, "ms", 2.0, "") | {"benchmark": "two"}])
    both = report.merged(new, path, order[:2])
    assert [(row["name"], row["date"] == "2026-01-02") for row in both["rows"]] == [
        ("one", True),
        ("again", False),
    ]
    report.write(both, path, page, page)
    assert "Measured 2026-01-02 to " in page.read_text()
    assert report.merged({**new, "machine": "another"}, path, order)["rows"] == new["rows"]


def test_the_readme_names_what_is_missed_and_a_figure_of_each_part(tmp_path: Path) -> None:
    page, readme = tmp_path / "figures.md", tmp_path / "README.md"
    readme.write_text(f"{report.BEGIN}{report.END}")
    page.write_text("")
    names = [(report.HEADLINES[0], 1.0), ("met and small", 1.0), ("missed", 3.0)]
    found = report.results([at_most(name, value, "ms", 2.0, "") for name, value in names])
    report.write(found, tmp_path / "results.json", page, readme)
    told = readme.read_text()
    assert "2 of 3 goals are met" in told
    assert f"| {report.HEADLINES[0]} | 1.0 ms |" in told
    assert "| missed | 3.0 ms |" in told
    assert "met and small" not in told


def test_headlines_are_figures() -> None:
    rows = json.loads((whole.ROOT / "benchmarks" / "results.json").read_text())["rows"]
    assert {row["name"] for row in rows} >= set(report.HEADLINES)


def test_every_short_one_has_a_long_one() -> None:
    assert whole.SHORT.keys() <= whole.BENCHMARKS.keys()
