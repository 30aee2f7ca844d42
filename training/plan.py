"""How long each stage lasts and the learning rate on the way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from training.recipe import Schedule, Stage

FLAT = 0.5
"""Share of a stage at its full learning rate, warm-up included; the rest is a cosine."""
LAST = 0.02
"""The learning rate at the end of a stage, as a share of its full one."""
WARM_UP_STEPS = 100
POWER = 0.9
"""Of the `poly` schedule (Yu et al., BiSeNet, ECCV 2018, section 4.1)."""


@dataclass(frozen=True)
class Plan:
    """Stages with the images they get, and the most minutes for all of them together."""

    stages: tuple[Stage, ...]
    minutes: float | None = None
    schedule: Schedule = "cosine"

    @property
    def images(self) -> int:
        """Images of all stages."""
        return sum(stage.images for stage in self.stages)

    def fraction(self, images: int, seconds: float) -> float:
        """The share of the whole run that is over, 0 to 1: by images or by time, whichever is further."""
        by_time = seconds / (60.0 * self.minutes) if self.minutes else 0.0
        return min(1.0, max(images / self.images, by_time))

    def end(self, stage: int) -> float:
        """The share of the whole run at which stage number `stage` ends."""
        return sum(one.images for one in self.stages[: stage + 1]) / self.images

    def within(self, stage: int, fraction: float) -> float:
        """The share of stage number `stage` that is over, 0 to 1."""
        start = self.end(stage - 1) if stage else 0.0
        return min(1.0, max(0.0, (fraction - start) / (self.end(stage) - start)))

    def learning_rate(self, stage: int, fraction: float, step: int, batch_size: int) -> float:
        """Warm-up over the first steps of the stage, then as the schedule has it."""
        steps = max(1, self.stages[stage].images // batch_size)
        warm = min(1.0, (step + 1) / max(1, min(WARM_UP_STEPS, steps // 10)))
        within = self.within(stage, fraction)
        fall = _cosine(within) if self.schedule == "cosine" else max(LAST, (1.0 - within) ** POWER)
        return self.stages[stage].learning_rate * warm * fall


def _cosine(within: float) -> float:
    """Flat to `FLAT` of the stage, then half a cosine down to `LAST`."""
    beyond = max(0.0, (within - FLAT) / (1.0 - FLAT))
    return LAST + (1.0 - LAST) * 0.5 * (1.0 + math.cos(math.pi * beyond))


def scaled(stages: Sequence[Stage], images: Sequence[int], batch_size: int) -> tuple[Stage, ...]:
    """The stages with these images, each rounded up to whole batches."""
    counts = (max(1, math.ceil(count / batch_size)) * batch_size for count in images)
    return tuple(replace(stage, images=count) for stage, count in zip(stages, counts, strict=True))


def shares(stages: Sequence[Stage], images: int) -> tuple[int, ...]:
    """`images` divided as the stages divide theirs."""
    whole = sum(stage.images for stage in stages)
    return tuple(round(images * stage.images / whole) for stage in stages)
