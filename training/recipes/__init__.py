"""The recipes by name; only the one that is asked for is loaded, and with it PyTorch."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.recipe import Recipe

__all__ = ["NAMES", "recipe"]

_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "skin_segmenter": "SkinSegmenter",
        "skin_items": "SkinItems",
        "acne_classifier": "AcneClassifier",
        "acne_severity": "AcneSeverity",
        "skin_conditions": "SkinConditions",
    }
)
NAMES = tuple(_CLASSES)
"""What can be trained; each is made by the module of its name in this folder."""


def recipe(name: str) -> Recipe:
    """The recipe of that name; ValueError if there is none."""
    if name not in _CLASSES:
        raise ValueError(f"{name}: cannot be trained; one of {', '.join(NAMES)}")
    module = importlib.import_module(f"training.recipes.{name}")
    made: Recipe = getattr(module, _CLASSES[name])()
    return made
