"""A run of several benchmarks."""

from io import StringIO
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
    assert "not measured" in report._markdown(found, rows)


def test_every_short_one_has_a_long_one() -> None:
    assert whole.SHORT.keys() <= whole.BENCHMARKS.keys()
