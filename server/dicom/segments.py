"""The segments of segmentation objects: what each shows, where, and who found it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """One mask, or one heat map, and what it shows."""

    label: str
    """At most 64 characters, shown to people."""
    kind: str
    """What it shows, a name that `codes.segment_kind` knows; a region's name for a region."""
    mask: NDArray[np.bool_] | NDArray[np.uint8]
    """(H, W) of the photograph's size; nonzero belongs to the segment, of a heat map 255 with certainty. May be empty."""
    algorithm: str
    version: str
    tracking_id: str
    """At most 64 characters."""
    tracking_uid: str
    """The same in every object, and in every visit, that shows this region or lesion."""
    region: str = "face"
