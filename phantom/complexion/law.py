"""The law by which faces vary: ranges of training and, disjoint from them, of the shifted and faint sets (`law.toml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np

from phantom.ranges import Parameter, Range, read


@lru_cache(maxsize=1)
def parameters() -> Mapping[str, Parameter]:
    """The rows of `law.toml` by name."""
    return read(Path(__file__).with_name("law.toml"))


@lru_cache(maxsize=1)
def groups() -> tuple[str, ...]:
    """What can be shifted one at a time, in the table's order."""
    return tuple(dict.fromkeys(row.group for row in parameters().values()))


@dataclass(frozen=True)
class Law:
    """Which groups are drawn from their shifted ranges; lesion contrast may be drawn below training instead."""

    shifted_groups: frozenset[str] = frozenset()
    faint_lesions: bool = False

    @classmethod
    def training(cls) -> Self:
        """Everything as in training."""
        return cls()

    @classmethod
    def shifted(cls) -> Self:
        """Everything shifted at once but the lesions' contrast."""
        return cls(frozenset(groups()) - {"dose"})

    @classmethod
    def shifted_in(cls, group: str) -> Self:
        """One group shifted; ValueError for a group that the table does not have."""
        if group not in groups():
            raise ValueError(f"unknown group {group!r}; one of {', '.join(groups())}")
        return cls(frozenset({group}))

    @classmethod
    def faint(cls) -> Self:
        """As in training, with lesions fainter than any of training."""
        return cls(faint_lesions=True)

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
