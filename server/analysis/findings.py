"""Things found on the skin: pigment spots and red areas, as masks with their count and size."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from server.analysis.colour import no_scale
from server.analysis.layers import LayerMap
from server.analysis.regions import SkinView, skin_view
from station.protocol import Face, FrameHeader, Layer, Measure
from station.quality import Mask


@dataclass(frozen=True, eq=False)
class Finding:
    """All that was found of one kind on one face."""

    label: str
    """In words, e.g. `Pigment spots`."""
    kind: str
    """`pigment_spot` or `redness`."""
    region: str
    layer: Layer
    """The map it was found in."""
    mask: NDArray[np.bool_]
    """(height, width) of the picture."""
    measures: tuple[Measure, ...]
    tracking_id: str
    """The same in every analysis of this view and light."""
    method: str


@dataclass(frozen=True)
class _Kind:
    """How one kind is found; lengths as share of the width of the face box, which is about 160 mm."""

    label: str
    kind: str
    layer: Layer
    method: str
    blur: float
    surroundings: float
    contrast: float
    """Least height over the surroundings, in the unit of the layer."""
    deviations: float
    """Least height in robust standard deviations of the skin. Nothing is sought where that is over twice the contrast: skin
    too dark for this light leaves noise in the map, not spots."""
    smallest: float
    """Diameter of the smallest one."""
    largest: float
    roundness: float
    """Least area over that of the circle around it."""


_KINDS = (
    _Kind(
        "Pigment spots",
        "pigment_spot",
        Layer.MELANIN,
        "pigment_spots/1",
        0.003,
        0.025,
        0.12,
        4.0,
        0.005,
        0.08,
        0.3,
    ),
    _Kind("Red areas", "redness", Layer.REDNESS, "red_areas/1", 0.004, 0.06, 0.12, 4.0, 0.008, 0.6, 0.0),
)


def find_lesions(
    layers: Mapping[Layer, LayerMap],
    face: Face | None,
    header: FrameHeader,
    *,
    view: SkinView | None = None,
) -> tuple[Finding, ...]:
    """Pigment spots and red areas of the skin in sight; a kind of which nothing was found is left out.

    A difference of Gaussians of the map within the skin, over a contrast and over the spread of the skin, in connected
    pieces of plausible size and shape. Faces wider than 640 px are searched on a reduced copy. Sizes are in mm² only where
    the scale is known. `view` is the `skin_view` of the same picture, where it is at hand.
    """
    skin = layers.get(Layer.SKIN)
    view = view or (None if skin is None else skin_view(face, skin.pixels))
    if view is None or skin is None:
        return ()
    height, width = skin.pixels.shape
    found = []
    for kind in _KINDS:
        if (layer := layers.get(kind.layer)) is not None:
            pieces = _pieces(kind, layer, view)
            if pieces is not None:
                found.append(_finding(kind, layer, view, pieces, header, (height, width)))
    return tuple(found)


def drowned(layers: Mapping[Layer, LayerMap], view: SkinView) -> frozenset[str]:
    """The kinds that `find_lesions` does not seek because noise fills their map."""
    noisy = set()
    for kind in _KINDS:
        if (layer := layers.get(kind.layer)) is not None:
            height = _over_surroundings(view.quantity(layer), view.inner, kind, view.face_width)
            spread = _spread(height[view.inner > 0])
            if spread is None or kind.deviations * spread > 2 * kind.contrast:
                noisy.add(kind.kind)
    return frozenset(noisy)


@dataclass(frozen=True, eq=False)
class _Pieces:
    mask: Mask
    count: int
    area: int
    """px of the view."""
    contrast: float
    """Mean height over the surroundings."""


def _pieces(kind: _Kind, layer: LayerMap, view: SkinView) -> _Pieces | None:
    inside = view.inner
    height = _over_surroundings(view.quantity(layer), inside, kind, view.face_width)
    spread = _spread(height[inside > 0])
    if spread is None or kind.deviations * spread > 2 * kind.contrast:
        return None
    raised = (height > max(kind.contrast, kind.deviations * spread)) & (inside > 0)
    mask, count = _plausible(raised.astype(np.uint8), kind, view.face_width)
    if not count:
        return None
    return _Pieces(mask, count, cv2.countNonZero(mask), float(cv2.mean(height, mask)[0]))


def _spread(values: NDArray[np.float32]) -> float | None:
    """Robust standard deviation; None without values."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values)))) if values.size else None


def _over_surroundings(
    values: NDArray[np.float32], inside: Mask, kind: _Kind, width: float
) -> NDArray[np.float32]:
    weight = (inside > 0).astype(np.float32)
    near = _mean_within(values, weight, max(kind.blur * width, 0.7))
    return np.asarray(near - _mean_within(values, weight, kind.surroundings * width), np.float32)


def _mean_within(
    values: NDArray[np.float32], weight: NDArray[np.float32], sigma: float
) -> NDArray[np.float32]:
    """Gaussian mean over the skin alone; a wide one is made on a reduced copy."""
    step = max(1, int(sigma / 3))
    height, width = values.shape
    size = max(width // step, 1), max(height // step, 1)
    parts = [
        cv2.GaussianBlur(cv2.resize(part, size, interpolation=cv2.INTER_AREA), (0, 0), sigma / step)
        for part in (values * weight, weight)
    ]
    mean = parts[0] / np.maximum(parts[1], 1e-3)
    return np.asarray(cv2.resize(mean, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _plausible(raised: Mask, kind: _Kind, width: float) -> tuple[Mask, int]:
    """The pieces of plausible size and shape, as one mask, and their number."""
    total, labels, stats, _ = cv2.connectedComponentsWithStats(raised, connectivity=8)
    area = stats[:, cv2.CC_STAT_AREA].astype(np.float64)
    side = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    smallest = max(math.pi / 4 * (kind.smallest * width) ** 2, 3.0)
    kept = (area >= smallest) & (side <= kind.largest * width)
    kept &= area >= kind.roundness * math.pi / 4 * side.astype(np.float64) ** 2
    kept[0] = False
    table = np.where(kept, np.uint8(255), np.uint8(0))
    return np.asarray(table[labels] if total > 1 else np.zeros_like(raised), np.uint8), int(kept.sum())


def _finding(
    kind: _Kind,
    layer: LayerMap,
    view: SkinView,
    pieces: _Pieces,
    header: FrameHeader,
    shape: tuple[int, int],
) -> Finding:
    region = next(iter(view.regions))
    return Finding(
        label=kind.label,
        kind=kind.kind,
        region=region,
        layer=kind.layer,
        mask=view.spread(pieces.mask, *shape),
        measures=tuple(
            Measure(
                region=region,
                name=f"{kind.kind}_{name}",
                value=value,
                unit=unit,
                method=kind.method,
                reason=reason,
            )
            for name, value, unit, reason in _values(layer, view, pieces, header)
        ),
        tracking_id=f"{kind.kind}/{header.view}/{header.light}/{region}",
        method=kind.method,
    )


def _values(
    layer: LayerMap, view: SkinView, pieces: _Pieces, header: FrameHeader
) -> Iterator[tuple[str, float | None, str, str]]:
    """Name, value, unit, and why there is no value."""
    yield "count", float(pieces.count), "1", ""
    yield "area_share", 100 * pieces.area / cv2.countNonZero(view.everything), "%", ""
    yield "contrast", pieces.contrast, layer.unit, ""
    yield _area(pieces.area / view.scale**2, header)


def _area(pixels: float, header: FrameHeader) -> tuple[str, float | None, str, str]:
    if header.px_per_mm is None:
        return "area", None, "mm2", no_scale(header)
    return "area", pixels / header.px_per_mm**2, "mm2", ""
