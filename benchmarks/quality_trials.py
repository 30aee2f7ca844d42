"""One picture with one fault of known size, and what must be said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.quality_phantom import Head
from station.protocol import Light, Verdict
from station.quality import QualityProfile, Reading, judge

FOUND_FROM, PASSED_TO = 1.25, 0.8
"""Faults of this many times the limit must be found, and up to this many must pass."""
LARGEST = 2.5
RECIPE: Final = "standard"

Draw = np.random.Generator


@dataclass(frozen=True)
class Trial:
    """One picture with one fault."""

    fault: str
    tone: str
    size: float
    """True size in units of the limit from which the measure warns."""
    truth: float
    """In the measure's unit."""
    value: float | None
    verdict: Verdict

    @property
    def right(self) -> bool | None:
        """Whether it was found or passed as it must be; None where it is too near the limit to count."""
        if self.size >= FOUND_FROM:
            return self.verdict in (Verdict.WARN, Verdict.FAIL)
        if self.size <= PASSED_TO:
            return self.verdict is Verdict.PASS
        return None


@dataclass(frozen=True)
class Spoilt:
    """What one trial gave: the reading, the true value, its true size in limits."""

    reading: Reading
    truth: float
    size: float


Maker = Callable[[Head, float, float, Draw], Spoilt]
"""Of a head, the size wanted in limits, the limit itself and a random source."""


@dataclass(frozen=True)
class Fault:
    """A way to spoil a picture by so many times the limit."""

    name: str
    measure: str
    floor: float
    """The value may differ from the truth by a tenth or by this, in its unit."""
    make: Maker
    light: Light = Light.WHITE
    """Whose limits count."""
    above: bool = False
    """Held to the limits of positive values."""
    largest: float = LARGEST
    """In limits."""


def try_fault(fault: Fault, head: Head, profile: QualityProfile, size: float, rng: Draw) -> Trial:
    """One trial; the true size may miss the wanted one."""
    limit = profile.limit(fault.measure, RECIPE, fault.light)
    assert limit is not None
    limit = limit.of(1.0 if fault.above else -1.0)
    made = fault.make(head, size, limit.warn, rng)
    report = judge((made.reading,), recipe=RECIPE, profile=profile, light=fault.light)
    value = None if made.reading.value is None else float(made.reading.value)
    verdict = report.measures[0].verdict
    return Trial(fault.name, head.tone, float(made.size), float(made.truth), value, verdict)


def draw_size(rng: Draw, *, found: bool, largest: float = LARGEST) -> float:
    """A size that must be found, or one that must pass."""
    return float(rng.uniform(FOUND_FROM, largest) if found else rng.uniform(0, PASSED_TO))


def seed(rng: Draw) -> int:
    """Of a picture's noise."""
    return int(rng.integers(1 << 31))
