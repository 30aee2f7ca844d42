"""A segmentation as highdicom describes it. Nothing else of the server loads highdicom."""

from collections.abc import Sequence
from typing import Any

import highdicom as hd
import numpy as np
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.sr import CodedConcept
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import ExplicitVRLittleEndian

from server.dicom import codes
from server.dicom.attributes import without_pixels
from server.dicom.segments import Segment

FULL = 255
"""Certainty, in fractional segmentations."""
_NOMINAL_THICKNESS_MM = 1.0
_SIDE = 8
"""Of the picture that is described in place of the photograph."""
_ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")


def described(photo: Dataset, form: str, segments: Sequence[Segment], **attributes: Any) -> Dataset:
    """The segmentation of a photograph in this form (SegmentationType), all but its frames and what it is of.

    `attributes` are arguments of highdicom's `Segmentation`.
    """
    return Segmentation(
        [_small(photo)],
        _placeholder(form, len(segments)),
        form,
        [_described(number, segment) for number, segment in enumerate(segments, start=1)],
        transfer_syntax_uid=ExplicitVRLittleEndian,
        pixel_measures=_pixel_measures(photo),
        fractional_type="PROBABILITY",
        max_fractional_value=FULL,
        omit_empty_frames=False,
        coding_schemes=None,
        **attributes,
    )


def _small(photo: Dataset) -> Dataset:
    source = without_pixels(photo)
    source.add_new("Rows", "US", _SIDE)
    source.add_new("Columns", "US", _SIDE)
    return source


def _placeholder(form: str, segments: int) -> NDArray[Any]:
    if form == "LABELMAP":
        return np.zeros((1, _SIDE, _SIDE), np.uint8)
    return np.zeros((1, _SIDE, _SIDE, segments), np.uint8 if form == "BINARY" else np.float32)


def _pixel_measures(photo: Dataset) -> hd.PixelMeasuresSequence | None:
    """Spacing with the thickness that readers of segmentations insist on and a photograph has none of."""
    if "PixelSpacing" not in photo:
        return None
    rows, columns = (float(value) for value in photo.PixelSpacing)
    return hd.PixelMeasuresSequence(pixel_spacing=(rows, columns), slice_thickness=_NOMINAL_THICKNESS_MM)


def _described(number: int, segment: Segment) -> SegmentDescription:
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
