"""A flat piece of skin under chosen lights, with exact truth."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from phantom.fields import Field
from phantom.ranges import Range
from phantom.scene import Light
from phantom.spectral import Optics, SkinTable, skin_table
from phantom.swatch import background, lesions
from phantom.swatch.canvas import ITEMS, Canvas, empty_layers, empty_truth
from phantom.swatch.conditions import CONDITIONS, Condition, paint
from phantom.swatch.law import Law
from phantom.swatch.photograph import photographed
from phantom.swatch.sensor import Bytes
from phantom.swatch.truth import LesionTruth, judged

ITA_BANDS = ((55.0, 68.0), (41.0, 55.0), (28.0, 41.0), (10.0, 28.0), (-30.0, 10.0), (-52.0, -30.0))
_SKINS = 6


@dataclass(frozen=True)
class Swatch:
    """Pictures and truth of one piece of skin; S is its side in px, items are in the order of `ITEMS`."""

    pictures: Mapping[Light, Bytes]
    """uint8 (S, S, 3) sRGB by light"""
    masks: NDArray[np.uint8]
    """(4, S, S), 1 within a lesion; items may overlap"""
    ignore: NDArray[np.bool_]
    """(4, S, S), lesions below `CONTRAST_TO_NOISE_FLOOR`"""
    intensity: Field
    """(4, S, S): log-melanin gain, log-blood gain, wrinkle depth mm, pore depth mm"""
    lesions: tuple[LesionTruth, ...]
    ita: float
    """degrees"""
    conditions: frozenset[Condition]
    porphyrins: NDArray[np.bool_]
    """(S, S), where porphyrins fluoresce"""


def swatch(
    seed: int, law: Law, *, side: int = 192, px_per_mm: float = 20.0, ita: float | None = None,
    conditions: Collection[Condition] | None = None, clean: bool = False,
    lights: Sequence[Light] = ("parallel_polarised", "cross_polarised"),
) -> Swatch:  # fmt: skip
    """The piece of skin of that seed and law; the same arguments give the same bytes.

    Without `conditions` it carries lesions of the four items; with them, those conditions alone and distractors;
    `clean` skin carries distractors alone. `ita` None draws one, all classes alike.
    """
    canvas = _canvas(seed, law, side, px_per_mm, ita)
    _paint(canvas, conditions, clean)
    pictures, visible = photographed(canvas, lights)
    found, ignore = judged(canvas, visible)
    return Swatch(
        pictures, np.stack([np.asarray(canvas.masks[i], np.uint8) for i in ITEMS]), ignore,
        np.stack([canvas.intensity[i] for i in ITEMS]), found, canvas.ita,
        frozenset(conditions or ()), canvas.porphyrin > 0.05,
    )  # fmt: skip


def _canvas(seed: int, law: Law, side: int, px_per_mm: float, ita: float | None) -> Canvas:
    rng = np.random.default_rng([seed, 131])
    table = _skin(law, int(rng.integers(_SKINS)))
    lo, hi = ITA_BANDS[int(rng.integers(len(ITA_BANDS)))]
    drawn = float(rng.uniform(lo, hi))
    blood = float(rng.uniform(0.004, 0.014))
    wanted = drawn if ita is None else ita
    canvas = Canvas(
        side, px_per_mm, law, rng, table, wanted, empty_layers(side), empty_layers(side),
        np.zeros((side, side), np.float32), np.zeros((side, side), np.float32),
        masks=empty_truth(side), intensity=empty_truth(side),
    )  # fmt: skip
    background.skin(canvas, table.melanin_for(wanted, blood), blood)
    return canvas


def _skin(law: Law, index: int) -> SkinTable:
    return _table(law.ranges["scattering"], law.ranges["epidermis"], law.ranges["oxygenation"], index)


@lru_cache(maxsize=32)
def _table(
    scattering: tuple[Range, ...], epidermis: tuple[Range, ...],
    oxygenation: tuple[Range, ...], index: int,
) -> SkinTable:  # fmt: skip
    law = Law({"scattering": scattering, "epidermis": epidermis, "oxygenation": oxygenation})
    rng = np.random.default_rng([index, 132])
    scatter, depth, saturation = (law.draw(rng, name) for name in law.ranges)
    return skin_table(Optics(oxygenation=saturation, epidermis_um=depth, dermal_scatter=scatter))


def _paint(canvas: Canvas, conditions: Collection[Condition] | None, clean: bool) -> None:
    if conditions is not None:
        unknown = set(conditions) - set(CONDITIONS)
        if unknown:
            raise ValueError(f"no condition {sorted(unknown)[0]!r}; there are {', '.join(CONDITIONS)}")
        paint(canvas, conditions)
    elif not clean:
        _items(canvas)
    background.distractors(canvas)


def _items(canvas: Canvas) -> None:
    rng = canvas.rng
    lesions.wrinkles(canvas, int(rng.integers(0, 5)))
    places = lesions.pores(canvas, rng.uniform(15, 95))
    lesions.fluoresce(canvas, places, 0.25 if rng.random() < 0.5 else 0.0)
    lesions.spots(canvas, "lentigo", int(rng.integers(0, 3)))
    lesions.spots(canvas, "ephelis", int(rng.integers(0, 6)))
    lesions.trouble(canvas, int(rng.poisson(1.5)))
