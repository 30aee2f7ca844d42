"""What was found, as tables on the screen and on the page."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from rich.table import Table

from benchmarks import report
from benchmarks.profile import costs

COSTS, STALLS = 5, 5
LIMIT_MS = 20.0
BEGIN, END = "<!-- profile -->", "<!-- /profile -->"
_NAMES = {"live": "Live process of the server", "work": "Work process of the server", "station": "Booth"}
_UNFITTED = 0.5
"""Share of the time at the beginning in which the visit is taken and memory finds its level."""


@dataclass(frozen=True)
class Stall:
    """A callback that held the event loop up."""

    computed_ms: float
    """Of the time it took; the rest it waited for a core or for Python's lock."""
    callback: str


@dataclass(frozen=True)
class Profiled:
    """One process."""

    role: str
    stacks: Counter[tuple[str, ...]]
    memory_mb: Sequence[float]
    """Resident, at equal distances in time."""
    stalls: Sequence[Stall]
    busy: float
    """Processor time per second, of all threads, s."""
    minutes: float

    @property
    def growth_mb(self) -> float:
        """Of the resident memory in half an hour, by least squares, MB."""
        later = np.array(self.memory_mb[round(_UNFITTED * len(self.memory_mb)) :])
        minutes = np.linspace(_UNFITTED * self.minutes, self.minutes, len(later))
        return float(30 * np.polyfit(minutes, later, 1)[0]) if len(later) > 1 else 0.0


def read_stalls(path: Path) -> list[Stall]:
    """What the process wrote down; nothing where nothing held it up."""
    if not path.is_file():
        return []
    lines = (line.split("\t", 2) for line in path.read_text().splitlines())
    return [Stall(float(computed), callback) for _took, computed, callback in lines]


def computing(stalls: Sequence[Stall]) -> list[tuple[str, int, float]]:
    """Callbacks that computed for longer than the limit: name, how often, the longest in ms; the longest first."""
    grouped: dict[str, list[float]] = {}
    for one in stalls:
        if one.computed_ms > LIMIT_MS:
            grouped.setdefault(re.sub(r"\d+", "N", one.callback), []).append(one.computed_ms)
    found = [(name, len(took), max(took)) for name, took in grouped.items()]
    return sorted(found, key=lambda one: -one[2])


def table(found: Profiled) -> Table:
    """For the screen."""
    shown = Table("share", "function", "file", "mostly in", title=_summary(found))
    for one in costs.largest(found.stacks, COSTS):
        shown.add_row(f"{100 * one.share:.0f} %", one.function, one.file, one.inside)
    for name, number, longest in computing(found.stalls)[:STALLS]:
        shown.add_row("stall", f"{number} times, at most {longest:.0f} ms", name, "")
    return shown


def write(found: Sequence[Profiled], page: Path) -> None:
    """Put the tables between the page's marks."""
    today = datetime.now(UTC).date().isoformat()
    first = f"Sampled {today} by `make profile` for {found[0].minutes:g} minutes on {report.machine()}."
    filled = "\n\n".join([BEGIN, first, *map(_markdown, found), END])
    text = page.read_text()
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: filled, text, flags=re.DOTALL))


def _summary(found: Profiled) -> str:
    memory = found.memory_mb
    return (
        f"{_NAMES[found.role]}: {100 * found.busy:.0f} % of a core; {memory[0]:.0f} to {memory[-1]:.0f} MB, "
        f"{found.growth_mb:+.1f} MB in half an hour once the visit is over"
    )


def _named(one: costs.Cost) -> str:
    return f"`{one.function}` ({one.file})" if one.file else one.function


def _markdown(found: Profiled) -> str:
    lines = [f"**{_summary(found)}**", "", "| share of its time | in | mostly inside |", "|---|---|---|"]
    lines += [
        f"| {100 * one.share:.0f} % | {_named(one)} | {one.inside} |"
        for one in costs.largest(found.stacks, COSTS)
    ]
    stalls = computing(found.stalls)
    if stalls:
        lines += ["", "| computed on its event loop for over 20 ms | times | longest |", "|---|---|---|"]
        lines += [f"| {name} | {number} | {longest:.0f} ms |" for name, number, longest in stalls[:STALLS]]
    waited = len(found.stalls) - sum(number for _, number, _ in stalls)
    lines += ["", f"{waited} more callbacks took over 20 ms for want of a core or of Python's lock."]
    return "\n".join(lines)
