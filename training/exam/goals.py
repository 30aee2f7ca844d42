"""What the models were to reach, as set before they were trained."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from training.exam.report import Figure

IN_RANGE: Final = "in-range"
SHIFTED: Final = "shifted"
SHIFTED_ONE: Final = "one group shifted"
SHIFTED_ALWAYS: Final = "shifted, every fault in every picture"
BOOTH: Final = "shifted, through the booth"
ENLARGED: Final = "in-range, enlarged from 12 px/mm"
FAINT: Final = "faint"


@dataclass(frozen=True)
class Goal:
    """A bound on a figure's value."""

    bound: float
    least: bool = True

    def met(self, figure: Figure) -> bool:
        """Whether the value keeps the bound; NaN does not."""
        return figure.value >= self.bound if self.least else figure.value <= self.bound

    def miss(self, figure: Figure) -> float:
        """How far the value is from the bound, as a share of it; 0 where it could not be measured."""
        return abs(figure.value - self.bound) / self.bound if math.isfinite(figure.value) else 0.0

    def __str__(self) -> str:
        return f"{'≥' if self.least else '≤'} {self.bound:g}"


def _least(**bounds: float) -> dict[str, Goal]:
    return {name.replace("_", " "): Goal(bound) for name, bound in bounds.items()}


def _most(**bounds: float) -> dict[str, Goal]:
    return {name.replace("_", " "): Goal(bound, least=False) for name, bound in bounds.items()}


_ITEMS_IN_RANGE = (
    _least(dice_melanin=0.93, dice_trouble=0.85, line_F1_wrinkle=0.93, lesion_F1_pore=0.85)
    | _least(recall_papule=0.92, recall_pustule=0.97, recall_comedo=0.75)
    | _most(area_error_melanin=0.15, area_error_wrinkle=0.15, area_error_trouble=0.25, area_error_pore=0.25)
    | {f"intensity correlation {item}": Goal(0.8) for item in ("melanin", "trouble", "wrinkle", "pore")}
    | {f"false area {item}": Goal(0.005, least=False) for item in ("melanin", "trouble", "wrinkle", "pore")}
    | {f"worst over best ITA class {item}": Goal(0.85) for item in ("melanin", "trouble", "wrinkle", "pore")}
)
_ITEMS_SHIFTED = (
    _least(dice_melanin=0.88, dice_trouble=0.78, line_F1_wrinkle=0.75, lesion_F1_pore=0.65)
    | _least(recall_papule=0.80, recall_pustule=0.90, recall_comedo=0.65)
    | {f"intensity correlation {item}": Goal(0.75) for item in ("melanin", "trouble", "wrinkle", "pore")}
    | {f"worst over best ITA class {item}": Goal(0.8) for item in ("melanin", "trouble", "wrinkle", "pore")}
)

GOALS: Mapping[str, Mapping[str, Mapping[str, Goal]]] = MappingProxyType(
    {
        "skin_segmenter": {
            IN_RANGE: _least(dice=0.97, worst_over_best_ITA_class=0.85),
            SHIFTED: _least(dice=0.95, worst_over_best_ITA_class=0.8),
        },
        "skin_items": {IN_RANGE: _ITEMS_IN_RANGE, SHIFTED: _ITEMS_SHIFTED},
        "acne_classifier": {
            IN_RANGE: _least(mean_F1=0.95, worst_over_best_ITA_class=0.85),
            SHIFTED: _least(mean_F1=0.88, F1_no_acne=0.82, F1_acne=0.82, worst_over_best_ITA_class=0.8),
        },
        "acne_severity": {
            IN_RANGE: _least(
                kappa=0.95, within_one=0.995, map_in_lesions=0.70, worst_over_best_ITA_class=0.85
            ),
            SHIFTED: _least(kappa=0.80, within_one=0.94, map_in_lesions=0.55, worst_over_best_ITA_class=0.8),
            SHIFTED_ONE: {"kappa, worst group": Goal(0.90)},
        },
        "skin_conditions": {
            IN_RANGE: _least(macro_F1=0.88, worst_over_best_ITA_class=0.85),
            SHIFTED: _least(macro_F1=0.78, worst_over_best_ITA_class=0.8),
        },
    }
)
"""Model, set, measure."""

REAL_GOALS: Mapping[str, Goal] = MappingProxyType(
    {
        "skin_dice": Goal(0.94),
        "skin_dice_min": Goal(0.88),
        "same_grade_mirrored": Goal(1.0),
        "same_grade_brighter": Goal(1.0),
    }
    | {"melanin_rises": Goal(1.0), "hallucinated_area": Goal(0.005, least=False)}
)
"""Real pictures."""


def goal(model: str, of_set: str, measure: str) -> Goal | None:
    """The goal of a figure, if it has one."""
    return GOALS.get(model, {}).get(of_set, {}).get(measure)
