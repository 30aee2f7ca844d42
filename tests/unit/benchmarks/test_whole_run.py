"""A run of several benchmarks."""

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


def test_every_short_one_has_a_long_one() -> None:
    assert whole.SHORT.keys() <= whole.BENCHMARKS.keys()
