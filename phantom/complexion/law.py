"""The law by which faces vary: ranges of training and, disjoint from them, of the shifted and faint sets (`law.toml`)."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Self

import numpy as np

Range = tuple[float, float]


@dataclass(frozen=True)
class Parameter:
    """One row of the table."""

    name: str
    unit: str
    group: str
    train: Range
    shifted: tuple[Range, ...]
    """drawn from evenly; none overlaps `train`"""
    faint: Range | None


@lru_cache(maxsize=1)
def parameters() -> dict[str, Parameter]:
    """The committed table by name."""
    rows = tomllib.loads(files("phantom.complexion").joinpath("law.toml").read_text("utf-8"))
    return {name: _parameter(name, row) for name, row in rows.items()}


def _parameter(name: str, row: dict[str, Any]) -> Parameter:
    shifted = tuple(_span(one) for one in row["shifted"])
    faint = _span(row["faint"]) if "faint" in row else None
    return Parameter(name, str(row["unit"]), str(row["group"]), _span(row["train"]), shifted, faint)


def _span(ends: Sequence[float]) -> Range:
    low, high = ends
    return float(low), float(high)


@lru_cache(maxsize=1)
def groups() -> tuple[str, ...]:
    """What can be shifted one at a time, in the table's order."""
    return tuple(dict.fromkeys(row.group for row in parameters().values()))


@dataclass(frozen=True)
class Law:
    """Which groups are drawn from their shifted ranges; lesion contrast may be drawn below training instead."""

    name: str
    shifted_groups: frozenset[str] = frozenset()
    faint_lesions: bool = False

    @classmethod
    def training(cls) -> Self:
        """Everything as in training."""
        return cls("training")

    @classmethod
    def shifted(cls) -> Self:
        """Everything shifted at once but the lesions' contrast."""
        return cls("shifted", frozenset(groups()) - {"dose"})

    @classmethod
    def shifted_in(cls, group: str) -> Self:
        """One group shifted; ValueError for a group that the table does not have."""
        if group not in groups():
            raise ValueError(f"unknown group {group!r}; one of {', '.join(groups())}")
        return cls(f"shifted {group}", frozenset({group}))

    @classmethod
    def faint(cls) -> Self:
        """As in training, with lesions fainter than any of training."""
        return cls("faint", faint_lesions=True)

    def ranges(self, name: str) -> tuple[Range, ...]:
        """What `name` is drawn from."""
        row = parameters()[name]
        if self.faint_lesions and row.faint is not None:
            return (row.faint,)
        return row.shifted if row.group in self.shifted_groups else (row.train,)

    def draw(self, rng: np.random.Generator, name: str) -> float:
        """One value of `name`."""
        ranges = self.ranges(name)
        return float(rng.uniform(*ranges[int(rng.integers(len(ranges)))]))

    def count(self, rng: np.random.Generator, name: str) -> int:
        """One whole number of `name`, both ends of its range included."""
        ranges = self.ranges(name)
        low, high = ranges[int(rng.integers(len(ranges)))]
        return int(rng.integers(int(low), int(high) + 1))
