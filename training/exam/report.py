"""What an exam hands back: figures with intervals, by set and measure, and what they were to reach."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from phantom import ITA_CLASSES
from training.exam.intervals import Rows, bootstrap, wilson

Size = Literal["small", "full"]
Item = TypeVar("Item")


class Track(Protocol):
    """Shows how far a loop has come while it hands its items on."""

    def __call__(self, items: Iterable[Item], what: str, total: int) -> Iterable[Item]:
        """The same items."""
        ...


def untracked(items: Iterable[Item], what: str, total: int) -> Iterable[Item]:
    """No progress shown."""
    return items


@dataclass(frozen=True)
class Figure:
    """A measured value with its 95 % interval (NaN where there is none) from so many subjects."""

    value: float
    low: float
    high: float
    n: int

    def as_json(self) -> dict[str, Any]:
        """NaN becomes null."""
        named = {"value": self.value, "low": self.low, "high": self.high}
        return {name: _number(value) for name, value in named.items()} | {"n": self.n}


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def plain(value: float, n: int) -> Figure:
    """A figure without an interval."""
    return Figure(float(value), float("nan"), float("nan"), n)


def measured(
    rows: Rows, statistic: Callable[[Rows], float], subjects: NDArray[np.int_] | None = None
) -> Figure:
    """A statistic of rows, one a picture, with its bootstrap interval by subject (by picture where not given)."""
    if not len(rows):
        return plain(float("nan"), 0)
    low, high = bootstrap(rows, statistic, subjects)
    return Figure(statistic(rows), low, high, len(rows))


def share(successes: int, trials: int) -> Figure:
    """A share with Wilson's interval."""
    low, high = wilson(successes, trials)
    return Figure(successes / trials if trials else float("nan"), low, high, trials)


Figures = dict[str, Figure]
BySet = dict[str, Figures]


@dataclass
class Report:
    """One model's exam. `by_ita`: set, measure, ITA class. `notes` say what a reader must know."""

    metrics: BySet = field(default_factory=dict)
    baseline: BySet = field(default_factory=dict)
    by_ita: dict[str, dict[str, Figures]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def worst_over_best(figures: Mapping[str, Figure], least: int) -> Figure:
    """Smallest over largest value of the classes with at least so many subjects; NaN below two such classes."""
    values = [each.value for each in figures.values() if each.n >= least and math.isfinite(each.value)]
    if len(values) < 2 or max(values) <= 0:
        return plain(float("nan"), 0)
    return plain(min(values) / max(values), min(each.n for each in figures.values() if each.n >= least))


class Table:
    """One row a picture: its subject, ITA class and named numbers."""

    def __init__(self) -> None:
        self.subjects: list[int] = []
        self.classes: list[str] = []
        self._rows: list[Mapping[str, float]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, subject: int, ita_class: str, numbers: Mapping[str, float]) -> None:
        """One more picture."""
        self.subjects.append(subject)
        self.classes.append(ita_class)
        self._rows.append(numbers)

    def of(self, *names: str) -> Rows:
        """(pictures, names) float64; NaN where a picture lacks a number."""
        return np.array([[row.get(name, np.nan) for name in names] for row in self._rows], np.float64)

    def figure(self, statistic: Callable[[Rows], float], *names: str) -> Figure:
        """The statistic of these columns with its interval by subject."""
        return measured(self.of(*names), statistic, np.array(self.subjects))

    def by_ita(self, statistic: Callable[[Rows], float], *names: str) -> Figures:
        """The same for each ITA class there is, in the order of `ITA_CLASSES`."""
        rows, subjects, classes = self.of(*names), np.array(self.subjects), np.array(self.classes)
        return {
            name: measured(rows[classes == name], statistic, subjects[classes == name])
            for name in ITA_CLASSES
            if (classes == name).any()
        }
