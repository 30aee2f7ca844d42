"""Committed tables of how something varies: its range of training, and ranges disjoint from that."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

Range = tuple[float, float]


@dataclass(frozen=True)
class Parameter:
    """A row of a table."""

    name: str
    group: str
    unit: str
    train: Range
    shifted: tuple[Range, ...]
    """disjoint from `train`; of lesions' contrast empty where a table never shifts it"""
    faint: Range | None
    """below `train`; of lesions' contrast alone"""


def read(path: Path) -> Mapping[str, Parameter]:
    """The rows of a TOML table by name, in its order."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))
    return MappingProxyType({name: _parameter(name, row) for name, row in rows.items()})


def _parameter(name: str, row: Mapping[str, Any]) -> Parameter:
    shifted = tuple(_range(each) for each in row.get("shifted", ()))
    faint = _range(row["faint"]) if "faint" in row else None
    return Parameter(name, row["group"], row["unit"], _range(row["train"]), shifted, faint)


def _range(ends: Sequence[float]) -> Range:
    low, high = ends
    return float(low), float(high)
