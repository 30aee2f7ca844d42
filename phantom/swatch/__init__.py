"""Flat pieces of skin, seeded, in four lights and true scale, with exact truth; drawn by a committed law."""

from phantom.swatch.canvas import ITEMS, Item
from phantom.swatch.conditions import CONDITIONS, Condition
from phantom.swatch.law import GROUPS, Group, Law, parameters
from phantom.swatch.patch import Swatch, swatch
from phantom.swatch.truth import CONTRAST_TO_NOISE_FLOOR, LesionTruth

__all__ = [
    "CONDITIONS", "CONTRAST_TO_NOISE_FLOOR", "GROUPS", "ITEMS", "Condition", "Group", "Item", "Law", "LesionTruth",
    "Swatch", "parameters", "swatch",
]  # fmt: skip
