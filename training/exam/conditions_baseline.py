"""The training-free opponent of `skin_conditions`: one measure and one threshold for each condition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from phantom.swatch import CONDITIONS
from training.exam.agreement import class_f1
from training.exam.filters import (
    Plane,
    blurred,
    brightness,
    chromophores,
    difference_of_gaussians,
    peaks,
    pits,
    valleys,
)

Measures = NDArray[np.float64]
_PEAK = 0.12
"""Rise of a pigment, in optical density, from which a spot counts."""
_QUANTILES = np.linspace(0.05, 0.98, 40)


def measures(srgb: NDArray[np.uint8]) -> Measures:
    """One number for each of `CONDITIONS`, of a picture of 6 px/mm; more of it speaks for the condition."""
    melanin, blood = chromophores(srgb)
    light = brightness(srgb)
    fine, middle = light - blurred(light, 1.5), blurred(light, 1.5) - blurred(light, 8.0)
    small, large = difference_of_gaussians(melanin, 1.5, 5.0), difference_of_gaussians(melanin, 4.0, 12.0)
    numbers = {
        "dryness": float(np.quantile(fine, 0.99)),
        "texture": float(middle.std()),
        "melasma": _contrast(blurred(melanin, 15.0)),
        "lentigo": float(peaks(large, 15)[:3].sum()),
        "ephelides": float((peaks(small, 7) > _PEAK).sum()),
        "dermatitis": _contrast(blurred(blood, 15.0)),
        "wrinkles": float(np.quantile(valleys(light, (1.0, 1.5)), 0.97)),
        "clogged_pores": float(np.quantile(pits(light, (1.0, 1.5, 2.0)), 0.995)),
    }
    return np.array([numbers[name] for name in CONDITIONS])


def _contrast(plane: Plane) -> float:
    low, high = np.quantile(plane, (0.1, 0.9))
    return float(high - low)


@dataclass(frozen=True)
class Rules:
    """A threshold for each measure; a condition is said where its measure is above."""

    thresholds: Measures

    @classmethod
    def tuned(cls, examples: Iterable[tuple[Measures, NDArray[np.float64]]]) -> Self:
        """Thresholds of best F1 on examples, which are to be in range: measures and true conditions."""
        found, truth = (np.stack(column) for column in zip(*examples, strict=True))
        return cls(np.array([_best(f, t) for f, t in zip(found.T, truth.T, strict=True)]))

    def say(self, found: Measures) -> NDArray[np.float64]:
        """1 or 0 for each condition."""
        return (found > self.thresholds).astype(np.float64)


def _best(found: Measures, truth: NDArray[np.float64]) -> float:
    candidates = np.quantile(found, _QUANTILES)
    quality = [class_f1(truth, (found > each).astype(np.float64)) for each in candidates]
    return float(candidates[int(np.argmax(np.nan_to_num(quality)))])
