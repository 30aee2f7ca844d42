"""From what a swatch is drawn: the committed table of ranges, and the laws made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from phantom.ranges import Parameter, Range, read

Group = Literal["optics", "contrast", "size", "shape", "light", "psf", "noise", "distractors"]
GROUPS: tuple[Group, ...] = ("optics", "contrast", "size", "shape", "light", "psf", "noise", "distractors")


@lru_cache(maxsize=1)
def parameters() -> Mapping[str, Parameter]:
    """The rows of `law.toml` by name."""
    return read(Path(__file__).with_name("law.toml"))


@dataclass(frozen=True)
class Law:
    """Ranges by parameter; each draw chooses one of them evenly, then a value evenly within."""

    ranges: Mapping[str, tuple[Range, ...]]

    @classmethod
    def training(cls) -> Law:
        """What the models are trained on, and with new seeds the in-range set."""
        return cls({p.name: (p.train,) for p in parameters().values()})

    @classmethod
    def shifted(cls) -> Law:
        """Everything outside training at once but contrast, which stays."""
        return cls({p.name: p.shifted or (p.train,) for p in parameters().values()})

    @classmethod
    def faint(cls) -> Law:
        """Training but for contrast, which lies below."""
        return cls({p.name: (p.faint or p.train,) for p in parameters().values()})

    @classmethod
    def shifted_in(cls, group: Group) -> Law:
        """Training but for one group; of contrast, the faint range. ValueError: no such group."""
        if group not in GROUPS:
            raise ValueError(f"no group {group!r}; there are {', '.join(GROUPS)}")
        away = cls.faint() if group == "contrast" else cls.shifted()
        rows = parameters().values()
        return cls({p.name: away.ranges[p.name] if p.group == group else (p.train,) for p in rows})

    def draw(self, rng: np.random.Generator, name: str) -> float:
        """A value of the parameter."""
        ranges = self.ranges[name]
        lo, hi = ranges[0] if len(ranges) == 1 else ranges[int(rng.integers(len(ranges)))]
        return float(rng.uniform(lo, hi))
