"""Heat maps of trained models as they go into the objects: which layer shows what, and which measures tell of it.

Maps of optical quantities (melanin, haemoglobin, redness, reflection, fluorescence) are no probabilities and none of these;
where something is found in them, its mask is in the segmentation.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from server.analysis import WHOLE_FACE, LayerMap
from server.inference import CONDITIONS
from server.pipeline.marked import KINDS
from station.protocol import FrameHeader, Layer, Measure


@dataclass(frozen=True)
class HeatKind:
    """What one layer shows."""

    layer: Layer
    kind: str
    """As `segment_kind` knows it."""
    label: str
    measured: str
    """Beginning of the names of the measures that the same model tells."""
    own: bool = True
    """No mask says the same: a report needs a group for it."""


_ITEMS: Final = (Layer.SPOTS, Layer.TROUBLE, Layer.WRINKLES, Layer.PORES)
HEAT: Final = (
    HeatKind(Layer.SEVERITY, "acne_severity", "Severity of acne", "acne_severity"),
    HeatKind(Layer.ACNE, "acne", "Acne", "acne_probability"),
    *(
        HeatKind(
            Layer(f"condition_{name}"),
            f"condition_{name}",
            name.replace("_", " ").capitalize(),
            f"condition_{name}",
        )
        for name in CONDITIONS
    ),
    *(
        HeatKind(one.layer, one.kind, one.label, f"{one.name}_", own=False)
        for one in KINDS
        if one.layer in _ITEMS
    ),
)


@dataclass(frozen=True, eq=False)
class HeatMap:
    """One heat map of one picture."""

    kind: HeatKind
    values: NDArray[np.uint8]
    """(height, width) of the picture, 255 where the model is sure."""
    method: str
    measures: tuple[Measure, ...]
    """What is told of the whole face."""
    tracking_id: str
    """Of a map that a mask was made of the mask's."""


def heat_maps(
    layers: Mapping[Layer, LayerMap], measures: Iterable[Measure], header: FrameHeader
) -> tuple[HeatMap, ...]:
    """Every heat map among the layers that a model is named for."""
    return tuple(_found(layers, [one for one in measures if one.region == WHOLE_FACE], header))


def _found(
    layers: Mapping[Layer, LayerMap], measures: list[Measure], header: FrameHeader
) -> Iterator[HeatMap]:
    for kind in HEAT:
        told = tuple(one for one in measures if one.name.startswith(kind.measured) and one.value is not None)
        if kind.layer in layers and told:
            tracking_id = f"{kind.kind}/{header.view}/{header.light}/{WHOLE_FACE}"
            yield HeatMap(kind, layers[kind.layer].pixels, told[0].method, told, tracking_id)
