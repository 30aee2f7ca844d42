"""What a picture shows of each lesion: its contrast to noise, and the truth too faint to be scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field, f32
from phantom.swatch.canvas import ITEMS, Canvas, Item, Mark
from phantom.swatch.sensor import Sensor

CONTRAST_TO_NOISE_FLOOR: dict[Item, float] = {"melanin": 1.5, "trouble": 1.5, "wrinkle": 1.0, "pore": 1.0}
"""A lesion below it is not scored: neither finding nor missing it counts."""
_CLUTTER_MM = 1.0
_DARKEST = 0.004


@dataclass(frozen=True)
class LesionTruth:
    """One lesion; centre and radius in px (of a wrinkle: middle of the line and half width).

    `contrast_to_noise` is the root-mean-square change of optical density that the lesion makes within its rim, over
    the deviation of sensor noise and of the lesion-free skin's own structure finer than 1 mm, in the light and
    channel where that is largest.
    """

    kind: str
    item: Item
    y: float
    x: float
    radius: float
    contrast_to_noise: float
    visible: bool


def _density(signal: Field) -> Field:
    return f32(-np.log(np.maximum(signal, np.float32(_DARKEST))))


def visibility(canvas: Canvas, sensor: Sensor, shown: Sequence[Field], without: Sequence[Field]) -> Field:
    """Contrast to noise by pixel and plane (S, S, 3 * pictures), from signals with lesions and without."""
    planes = [_plane(canvas, sensor, a, b) for a, b in zip(shown, without, strict=True)]
    return f32(np.concatenate(planes, -1))


def _plane(canvas: Canvas, sensor: Sensor, shown: Field, without: Field) -> Field:
    skin, step = _density(without), 3
    fine = skin[::step, ::step] - _broad(skin, canvas.px_per_mm)[::step, ::step]
    sparse = f32(np.ascontiguousarray(without[::step, ::step]))
    noise = sensor.deviation(sparse) / np.maximum(sparse, _DARKEST)
    total = np.sqrt((fine * fine + noise * noise).reshape(-1, 3).mean(0))
    return f32((_density(shown) - skin) * (1 / total))


def _broad(density: Field, px_per_mm: float) -> Field:
    """What varies more slowly than the clutter, from a picture of a sixth of the size."""
    side = density.shape[0]
    small = cv2.resize(density, (max(8, side // 6),) * 2, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), max(0.5, _CLUTTER_MM * px_per_mm * small.shape[0] / side))
    return f32(cv2.resize(soft, (side, side), interpolation=cv2.INTER_LINEAR))


def judged(canvas: Canvas, visible: Field) -> tuple[tuple[LesionTruth, ...], NDArray[np.bool_]]:
    """The lesions, and by item (4, S, S) the truth below the floor."""
    squared = visible * visible
    ignore = np.zeros((len(ITEMS), canvas.side, canvas.side), bool)
    kept = np.zeros_like(ignore)
    lesions = tuple(_lesion(mark, squared) for mark in canvas.marks)
    for mark, lesion in zip(canvas.marks, lesions, strict=True):
        target = kept if lesion.visible else ignore
        target[(ITEMS.index(mark.item), *mark.window)] |= mark.inside
    return lesions, ignore & ~kept


def _lesion(mark: Mark, squared: Field) -> LesionTruth:
    ratio = float(np.sqrt(squared[mark.window][mark.inside].mean(0).max()))
    visible = ratio >= CONTRAST_TO_NOISE_FLOOR[mark.item]
    return LesionTruth(mark.kind, mark.item, mark.y, mark.x, mark.radius, ratio, visible)
