"""Things marked on the skin, counted and sized region by region: spots, pores, wrinkles and the like."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.protocol import Measure
from station.quality import Mask


@dataclass(frozen=True, eq=False)
class Marks:
    """One kind of thing, marked on a grid over the face."""

    name: str
    """First word of the measures, e.g. `pores`."""
    mask: Mask
    """(height, width), 255 on a mark."""
    px_per_mm: float | None
    """Of this grid."""
    smallest_mm2: float = 0.0
    """Smaller pieces are noise; without a scale every piece counts."""
    intensity: NDArray[np.float32] | None = None
    """(height, width) in `unit`."""
    intensity_name: str = "intensity"
    unit: str = "1"


def measure_marks(marks: Marks, regions: Mapping[str, Mask], method: str) -> tuple[Measure, ...]:
    """For every region (255 inside, on the grid of the marks): share of its area in %, count, count per cm², mean
    size in mm² and mean intensity. A piece belongs to the regions that hold its centre.

    Without a scale there is neither density nor size. What needs a piece is left out where there is none.
    """
    inside = cv2.bitwise_and(marks.mask, next(iter(regions.values())))
    mask, centres, areas = _pieces(np.asarray(inside, np.uint8), marks)
    found: list[Measure] = []
    for region, outline in regions.items():
        here = outline[centres[:, 1], centres[:, 0]] > 0
        found += _of_region(marks, region, outline, mask, areas[here], method)
    return tuple(found)


def _pieces(inside: Mask, marks: Marks) -> tuple[Mask, NDArray[np.intp], NDArray[np.float64]]:
    """The mask without noise, and the centre and area of every piece in px."""
    smallest = 1.0 if marks.px_per_mm is None else marks.smallest_mm2 * marks.px_per_mm**2
    _, labels, stats, centres = cv2.connectedComponentsWithStats(inside, connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    kept = areas >= smallest
    kept[0] = False
    mask = np.where(kept, np.uint8(255), np.uint8(0))[labels]
    places = np.rint(np.nan_to_num(centres[kept])).astype(np.intp)
    places = np.clip(places, 0, (inside.shape[1] - 1, inside.shape[0] - 1))
    return np.asarray(mask, np.uint8), places.reshape(-1, 2), areas[kept]


def _of_region(
    marks: Marks, region: str, outline: Mask, mask: Mask, areas: NDArray[np.float64], method: str
) -> Iterator[Measure]:
    skin = cv2.countNonZero(outline)
    if not skin:
        return
    within = np.asarray(cv2.bitwise_and(mask, outline), np.uint8)
    marked = cv2.countNonZero(within)

    def measure(name: str, value: float, unit: str) -> Measure:
        return Measure(region=region, name=f"{marks.name}_{name}", value=value, unit=unit, method=method)

    yield measure("area", 100 * marked / skin, "%")
    yield measure("count", float(len(areas)), "1")
    if marks.px_per_mm is not None:
        square_mm = marks.px_per_mm**2
        yield measure("density", len(areas) / (skin / square_mm / 100), "/cm2")
        if len(areas):
            yield measure("size", float(areas.mean()) / square_mm, "mm2")
    if marks.intensity is not None and marked:
        mean = float(cv2.mean(marks.intensity, within)[0])
        yield measure(marks.intensity_name, mean, marks.unit)


def regions_on(regions: Mapping[str, Mask], width: int, height: int, *, rim: float = 0.0) -> dict[str, Mask]:
    """The regions of a view on another grid over the same part of the picture, without a rim of so many px."""
    large = {
        name: np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)
        for name, mask in regions.items()
    }
    if rim <= 0:
        return large
    everything = next(iter(large.values()))
    framed = cv2.copyMakeBorder(everything, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_3)[1:-1, 1:-1]
    inner = np.where(depth > rim, np.uint8(255), np.uint8(0))
    return {name: np.asarray(cv2.bitwise_and(mask, inner), np.uint8) for name, mask in large.items()}
