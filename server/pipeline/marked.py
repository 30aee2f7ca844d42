"""From the maps of models to marks: thresholds, least sizes, the scale each needs, and the segments of the objects."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from server.analysis import WHOLE_FACE, Finding, LayerMap, Marks, SkinView, drowned, measure_marks, regions_on
from server.inference import ITEMS, SKIN_FROM, FluorescenceMaps, ItemMaps
from server.pipeline.outcome import Map
from station.protocol import FrameHeader, Layer, Measure

LEAST_PX_PER_MM: Final[Mapping[str, float]] = {
    "spots": 5.0,
    "trouble": 5.0,
    "wrinkles": 10.0,
    "pores": 10.0,
    "porphyrins": 5.0,
}
"""Scale of the picture below which each is not resolved."""
MARKED_FROM: Final = 128
"""Values of a probability map from here on are marks."""
RIM_MM: Final = 3.0
"""Rim of the skin, where hair, shadow and the turn of the face begin, that nothing is marked in."""


@dataclass(frozen=True)
class Kind:
    """One kind of mark: its name in measures and in objects."""

    layer: Layer
    name: str
    """First word of its measures."""
    kind: str
    """As `segment_kind` knows it."""
    label: str
    marked_from: int
    smallest_mm2: float
    intensity_name: str = "intensity"
    unit: str = "1"


KINDS: Final = (
    Kind(Layer.SPOTS, "spots", "marked_spot", "Pigment spots, by model", MARKED_FROM, 0.05),
    Kind(Layer.TROUBLE, "trouble", "trouble", "Papules, pustules and comedones", MARKED_FROM, 0.1),
    Kind(Layer.WRINKLES, "wrinkles", "wrinkle", "Wrinkles", MARKED_FROM, 0.3, "depth", "mm"),
    Kind(Layer.PORES, "pores", "pore", "Pores", MARKED_FROM, 0.01, "depth", "mm"),
    Kind(Layer.PORPHYRIN, "porphyrins", "porphyrin", "Porphyrins", 1, 0.02),
    Kind(Layer.UV_SPOTS, "uv_spots", "uv_spot", "UV spots", 1, 0.1),
)
_ITEM_KINDS: Final = dict(zip(ITEMS, KINDS[: len(ITEMS)], strict=True))
_UV_KINDS: Final = KINDS[len(ITEMS) :]
_UV_LEAST: Final = (12, 20)
"""Least height over the surroundings in steps of the maps: 0.047 of R / (G + B), 0.12 of optical density."""
_UV_DEVIATIONS: Final = 4.0
_HAIR_FROM_MM: Final = 2.0
_HAIR_FILL: Final = 0.2
"""Longer pieces that fill less of the square over their length are hairs, not spots."""

SMALLEST_AREA: Final = 40
"""A region with fewer px of the view left is not searched."""
_LESIONS: Final = {
    "pigment_spot": ("brown_spots", "pigment_spots/1"),
    "redness": ("red_areas", "red_areas/1"),
}
"""Findings of the training-free maps that a cross-polarised picture counts."""


def _searched(view: SkinView, kind: Kind) -> dict[str, Map]:
    """The regions that a kind is sought in: wrinkles everywhere, the others away from eyes, brows, nostrils and mouth."""
    if kind.layer is Layer.WRINKLES:
        return dict(view.regions)
    kept = {
        name: np.asarray(cv2.bitwise_and(mask, view.plain), np.uint8) for name, mask in view.regions.items()
    }
    return {name: mask for name, mask in kept.items() if cv2.countNonZero(mask) >= SMALLEST_AREA}


def item_measures(maps: ItemMaps, view: SkinView, scale: float, method: str) -> tuple[Measure, ...]:
    """The measures of every item that the picture's scale (px/mm) resolves, and why the others are none."""
    grid = scale * maps.zoom
    height, width = maps.area.shape[1:]
    found: list[Measure] = []
    for item, kind in _ITEM_KINDS.items():
        least = LEAST_PX_PER_MM[kind.name]
        if scale < least:
            reason = f"{scale:.1f} px/mm, needs {least:.0f}"
            found.append(_not_measured(kind.name, method, reason))
            continue
        area = maps.area[ITEMS.index(item)]
        mask = np.where(area >= kind.marked_from, np.uint8(255), np.uint8(0))
        marks = Marks(
            kind.name,
            mask,
            grid,
            kind.smallest_mm2,
            maps.intensities(item),
            kind.intensity_name,
            kind.unit,
        )
        regions = regions_on(_searched(view, kind), width, height, rim=RIM_MM * grid)
        found += measure_marks(marks, regions, method)
    return tuple(found)


def item_layers(maps: ItemMaps, view: SkinView, skin: Map, scale: float) -> dict[Layer, Map]:
    """The probability maps of the items that the picture's scale resolves, on its skin without the rim; what measures
    take for noise is not on them.
    """
    grid = scale * maps.zoom
    kinds = zip(maps.area, _ITEM_KINDS.values(), strict=True)
    maps = replace(maps, area=np.stack([_without_specks(area, kind, grid) for area, kind in kinds]))
    rim = RIM_MM * scale * view.scale
    height, width = view.everything.shape

    def shown(item: str, kind: Kind) -> Map:
        inner = next(iter(regions_on(_searched(view, kind), width, height, rim=rim).values()))
        marked = maps.on_picture(item, (skin.shape[0], skin.shape[1]))
        return np.where(view.spread(inner, *skin.shape) & (skin >= SKIN_FROM), marked, np.uint8(0))

    return {
        kind.layer: shown(item, kind)
        for item, kind in _ITEM_KINDS.items()
        if scale >= LEAST_PX_PER_MM[kind.name]
    }


def _without_specks(values: Map, kind: Kind, px_per_mm: float) -> Map:
    """A map without the marks that are too small to be counted."""
    marked = np.where(values >= kind.marked_from, np.uint8(255), np.uint8(0))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marked, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < kind.smallest_mm2 * px_per_mm**2
    small[0] = False
    return np.where(small[labels], np.uint8(0), values)


def uv_marks(maps: FluorescenceMaps, view: SkinView) -> tuple[Map, Map]:
    """Where the maps of a UV picture rise over their own noise on the skin: porphyrins, UV spots (255).

    The maps are cut off at their surroundings, so that the noise's standard deviation is the 84th percentile.
    """
    height, width = maps.porphyrin.shape
    searched = _searched(view, _UV_KINDS[0])
    skin = next(iter(regions_on(searched, width, height, rim=RIM_MM * 20).values())) > 0
    marks = []
    for values, least in zip((maps.porphyrin, maps.uv_spot), _UV_LEAST, strict=True):
        noise = float(np.percentile(values[skin], 84)) if skin.any() else 0.0
        marked = skin & (values >= max(least, _UV_DEVIATIONS * noise))
        marks.append(_without_hairs(np.where(marked, np.uint8(255), np.uint8(0))))
    return marks[0], marks[1]


def _without_hairs(mask: Map) -> Map:
    """A mask at 20 px/mm without its long thin pieces: a hair before the skin is as dark in UV as a spot."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    length = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    hair = (length >= _HAIR_FROM_MM * 20) & (stats[:, cv2.CC_STAT_AREA] < _HAIR_FILL * length**2)
    hair[0] = False
    return np.where(hair[labels], np.uint8(0), mask)


def uv_measures(marks: tuple[Map, Map], view: SkinView, method: str) -> tuple[Measure, ...]:
    """The measures of porphyrins and UV spots."""
    height, width = marks[0].shape
    regions = regions_on(_searched(view, _UV_KINDS[0]), width, height, rim=RIM_MM * 20)
    found: list[Measure] = []
    for kind, mask in zip(_UV_KINDS, marks, strict=True):
        found += measure_marks(Marks(kind.name, mask, 20.0, kind.smallest_mm2), regions, method)
    return tuple(found)


def uv_layers(maps: FluorescenceMaps, marks: tuple[Map, Map], skin: Map) -> dict[Layer, Map]:
    """The marked parts of both maps at the size of the picture, strong where the fluorescence is."""
    layers = {}
    for kind, mask, values in zip(_UV_KINDS, marks, (maps.porphyrin, maps.uv_spot), strict=True):
        strength = np.where(mask > 0, np.maximum(values, 64), 0).astype(np.uint8)
        shown = maps.on_picture(_without_specks(strength, kind, 20.0), skin.shape)
        layers[kind.layer] = np.where(skin >= SKIN_FROM, shown, np.uint8(0))
    return layers


def lesion_measures(
    layers: Mapping[Layer, LayerMap], lesions: Iterable[Finding], view: SkinView, px_per_mm: float | None
) -> tuple[Measure, ...]:
    """Brown spots and red areas of a cross-polarised picture, region by region; none found is an area of 0.

    Where noise fills the map nothing was sought, and that is said.
    """
    grid = None if px_per_mm is None else px_per_mm * view.scale
    by_kind = {lesion.kind: lesion for lesion in lesions}
    found: list[Measure] = []
    noisy = drowned(layers, view)
    for kind, (name, method) in _LESIONS.items():
        if kind in noisy:
            found.append(_not_measured(name, method, "too much noise for skin this dark"))
            continue
        mask = np.zeros_like(view.everything)
        if kind in by_kind:
            cut = view.cut(by_kind[kind].mask.view(np.uint8))
            mask = np.where(cut >= 0.5, np.uint8(255), np.uint8(0))
        found += measure_marks(Marks(name, mask, grid), view.regions, method)
    return tuple(found)


def marked_findings(
    layers: Mapping[Layer, LayerMap], measures: Iterable[Measure], header: FrameHeader
) -> tuple[Finding, ...]:
    """A finding for every layer of marks, with the measures of the whole face."""
    told = [each for each in measures if each.region == WHOLE_FACE and each.value is not None]
    return tuple(_findings(layers, told, header))


def _findings(
    layers: Mapping[Layer, LayerMap], told: list[Measure], header: FrameHeader
) -> Iterator[Finding]:
    for kind in KINDS:
        own = tuple(each for each in told if each.name.startswith(f"{kind.name}_"))
        if kind.layer in layers and own:
            yield Finding(
                label=kind.label,
                kind=kind.kind,
                region=WHOLE_FACE,
                layer=kind.layer,
                mask=layers[kind.layer].pixels >= kind.marked_from,
                measures=own,
                tracking_id=f"{kind.kind}/{header.view}/{header.light}/{WHOLE_FACE}",
                method=own[0].method,
            )


def _not_measured(name: str, method: str, reason: str) -> Measure:
    return Measure(region=WHOLE_FACE, name=f"{name}_area", value=None, unit="%", method=method, reason=reason)
