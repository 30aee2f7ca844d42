"""The segments of segmentation objects: what each shows, where, and who found it."""

from dataclasses import dataclass

import highdicom as hd
import numpy as np
from highdicom.seg import SegmentDescription
from highdicom.sr import CodedConcept
from numpy.typing import NDArray
from pydicom.sr.coding import Code

from server.dicom import codes

_ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")


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


def describe(number: int, segment: Segment) -> SegmentDescription:
    """The item of SegmentSequence."""
    kind = codes.segment_kind(segment.kind)
    return SegmentDescription(
        segment_number=number,
        segment_label=segment.label[:64],
        segmented_property_category=kind.category,
        segmented_property_type=kind.type,
        algorithm_type="AUTOMATIC",
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            name=segment.algorithm, version=segment.version, family=_ARTIFICIAL_INTELLIGENCE
        ),
        tracking_id=segment.tracking_id[:64],
        tracking_uid=segment.tracking_uid,
        anatomic_regions=[_site(segment.region)],
        display_color=hd.color.CIELabColor.from_rgb(*kind.colour),
    )


def _site(region: str) -> CodedConcept:
    place = codes.anatomy(region)
    item = CodedConcept.from_code(place.site)
    if place.side is not None:
        item.AnatomicRegionModifierSequence = [codes.code_item(place.side)]
    return item
