"""The fields of one piece of skin while it is painted, and the truth that grows with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from phantom.fields import Field, f32
from phantom.spectral import BLOOD_RANGE, MELANIN_RANGE, SkinTable
from phantom.swatch.law import Law

Item = Literal["melanin", "trouble", "wrinkle", "pore"]
ITEMS: tuple[Item, ...] = ("melanin", "trouble", "wrinkle", "pore")
Window = tuple[slice, slice]


@dataclass
class Mark:
    """One painted lesion: its kind, its item, and the pixels that are its truth."""

    kind: str
    item: Item
    y: float
    x: float
    radius: float
    """px"""
    window: Window
    inside: np.ndarray[tuple[int, int], np.dtype[np.bool_]]


@dataclass
class Layers:
    """What makes colour and shape; heights in mm, the rest natural-log fractions or opacities."""

    melanin: Field
    blood: Field
    height: Field
    pus: Field
    plug: Field
    scale: Field


@dataclass
class Canvas:
    """One swatch being painted: bare skin, lesions upon it, and the truth of the lesions."""

    side: int
    px_per_mm: float
    law: Law
    rng: np.random.Generator
    table: SkinTable
    ita: float
    bare: Layers
    marked: Layers
    """what lesions add to `bare`"""
    hair: Field
    """opacity"""
    porphyrin: Field
    """red fluorescence, relative"""
    film: float = 0.0
    """opacity of make-up"""
    masks: dict[Item, Field] = field(default_factory=dict)
    intensity: dict[Item, Field] = field(default_factory=dict)
    marks: list[Mark] = field(default_factory=list)

    def draw(self, name: str) -> float:
        """A value of the law's parameter."""
        return self.law.draw(self.rng, name)

    def count(self, per_cm2: float) -> int:
        """How many of something as dense as that lie here."""
        return int(self.rng.poisson(per_cm2 * (self.side / self.px_per_mm / 10) ** 2))

    def anywhere(self, n: int, margin: float = 0.0) -> Field:
        """`n` places, (n, 2), row and column."""
        return f32(self.rng.uniform(margin, self.side - margin, (n, 2)))

    def darken(self, window: Window, gain: Field) -> Field:
        """Raise melanin over the window, to the larger of what is there and `gain`; what of the gain skin can hold."""
        return self._raise(self.bare.melanin, self.marked.melanin, window, gain, MELANIN_RANGE[1], np.maximum)

    def redden(self, window: Window, gain: Field) -> Field:
        """Add blood over the window; what of the gain skin can hold."""
        return self._raise(self.bare.blood, self.marked.blood, window, gain, BLOOD_RANGE[1], np.add)

    @staticmethod
    def _raise(bare: Field, layer: Field, window: Window, gain: Field, most: float, join: np.ufunc) -> Field:
        room = np.maximum(np.float32(np.log(most)) - bare[window], np.float32(0))
        layer[window] = np.minimum(join(layer[window], gain), room)
        return f32(np.minimum(gain, room))

    def add(self, mark: Mark, intensity: Field) -> None:
        """Take the mark into the truth; `intensity` lies over its window."""
        mask, strength = self.masks[mark.item][mark.window], self.intensity[mark.item][mark.window]
        mask[mark.inside] = 1
        np.maximum(strength, np.where(mark.inside, intensity, np.float32(0)), out=strength)
        if mark.inside.any():
            self.marks.append(mark)

    def whole(self) -> Layers:
        """Skin with its lesions."""
        a, b = self.bare, self.marked
        return Layers(
            a.melanin + b.melanin, a.blood + b.blood, a.height + b.height, a.pus + b.pus, a.plug + b.plug,
            np.maximum(a.scale, b.scale),
        )  # fmt: skip


def empty_layers(side: int) -> Layers:
    """Nothing."""
    return Layers(*(np.zeros((side, side), np.float32) for _ in range(6)))


def empty_truth(side: int) -> dict[Item, Field]:
    """Nothing, of every item."""
    return {item: np.zeros((side, side), np.float32) for item in ITEMS}
