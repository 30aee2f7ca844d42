"""What a step found that its still keeps: numbers in `outcome-STEP.json`, and layers beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.typing import NDArray

from station.protocol import Layer, Measure

Map = NDArray[np.uint8]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one step, as they are kept."""

    model: str = ""
    """Name and version of what made them; empty: nothing was made."""
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, eq=False)
class MappedOutcome:
    """Numbers with the layers that show where they come from, uint8 of the picture's size."""

    outcome: Outcome
    layers: Mapping[Layer, Map] = field(default_factory=dict)
