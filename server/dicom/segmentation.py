"""Segmentation objects of type BINARY (PS3.3 section A.51): one segment per region or finding of one photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import highdicom as hd
import numpy as np
from highdicom.seg import Segmentation, SegmentDescription
from highdicom.sr import CodedConcept
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import UID, ExplicitVRLittleEndian

from server.dicom import codes
from server.dicom.attributes import (
    Equipment,
    add_patient_and_study,
    add_times,
    date,
    file_meta,
    offset,
    time,
    without_pixels,
    zone_of,
)
from station.protocol import derived_uid

_ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")
_NOMINAL_THICKNESS_MM = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """One mask and what it shows."""

    label: str
    """At most 64 characters, shown to people."""
    kind: str
    """What it shows, a name that `codes.segment_kind` knows; a region's name for a region."""
    mask: NDArray[np.bool_] | NDArray[np.uint8]
    """(H, W) of the photograph's size; nonzero belongs to the segment. May be empty."""
    algorithm: str
    version: str
    tracking_id: str
    """At most 64 characters."""
    tracking_uid: str
    """The same in every object, and in every visit, that shows this region or lesion."""
    region: str = "face"


def build_segmentation(
    photo: Dataset,
    segments: Sequence[Segment],
    *,
    series_instance_uid: str,
    sop_instance_uid: str,
    series_number: int,
    instance_number: int = 1,
    equipment: Equipment,
    made_at: datetime,
    replaces: Dataset | None = None,
) -> Dataset:
    """The segmentation of `photo`: segment n is frame n, whatever its mask.

    A segment without a pixel keeps its frame, all zero: "looked for, not found" is said, and the object stays valid.
    Only attributes of `photo` are read, never its pixels. `made_at` is an aware datetime; `replaces` is an earlier
    segmentation of the same photograph, named in ReferencedInstanceSequence. The same arguments give the same bytes.
    Raises `ValueError` for no segments or a mask of another size.
    """
    source = without_pixels(photo)
    segmentation = Segmentation(
        [source],
        _frames(segments, photo.Rows, photo.Columns),
        "BINARY",
        [_describe(number, segment) for number, segment in enumerate(segments, start=1)],
        series_instance_uid=series_instance_uid,
        series_number=series_number,
        sop_instance_uid=sop_instance_uid,
        instance_number=instance_number,
        manufacturer=equipment.manufacturer,
        manufacturer_model_name=equipment.model,
        software_versions="",
        device_serial_number=equipment.serial,
        content_label="SKIN",
        content_description="Regions and findings of a skin photograph",
        transfer_syntax_uid=ExplicitVRLittleEndian,
        pixel_measures=_pixel_measures(photo),
        omit_empty_frames=False,
        series_description=f"Masks: {photo.get('SeriesDescription', '')}"[:64],
        coding_schemes=None,
    )
    _complete(segmentation, photo, equipment, made_at)
    if replaces is not None:
        segmentation.ReferencedInstanceSequence = [_reference(replaces)]
    return segmentation


def _frames(segments: Sequence[Segment], rows: int, columns: int) -> NDArray[np.uint8]:
    if not segments:
        raise ValueError("a segmentation needs at least one segment")
    planes = np.empty((len(segments), rows, columns), np.uint8)
    for plane, segment in zip(planes, segments, strict=True):
        if segment.mask.shape != (rows, columns):
            raise ValueError(
                f"mask of {segment.label!r} is {segment.mask.shape}, the photo {(rows, columns)}"
            )
        np.not_equal(segment.mask, 0, out=plane.view(np.bool_))
    return np.moveaxis(planes, 0, -1)[None]


def _describe(number: int, segment: Segment) -> SegmentDescription:
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


def _pixel_measures(photo: Dataset) -> hd.PixelMeasuresSequence | None:
    """Spacing with the thickness that readers of segmentations insist on and a photograph has none of."""
    if "PixelSpacing" not in photo:
        return None
    rows, columns = (float(value) for value in photo.PixelSpacing)
    return hd.PixelMeasuresSequence(pixel_spacing=(rows, columns), slice_thickness=_NOMINAL_THICKNESS_MM)


def _complete(segmentation: Dataset, photo: Dataset, equipment: Equipment, made_at: datetime) -> None:
    segmentation.SoftwareVersions = list(equipment.software_versions)
    segmentation.PatientOrientation = photo.PatientOrientation
    add_patient_and_study(segmentation, photo)
    if "RequestAttributesSequence" in photo:
        segmentation.RequestAttributesSequence = photo.RequestAttributesSequence
    at = made_at.astimezone(zone_of(photo))
    add_times(segmentation, at)
    _derive_dimension_uid(segmentation)
    for contribution in segmentation.get("ContributingEquipmentSequence", ()):
        if contribution.ManufacturerModelName == "highdicom":
            contribution.ContributionDateTime = date(at) + time(at) + offset(at)
    segmentation.file_meta = file_meta(segmentation, UID(ExplicitVRLittleEndian))


def _derive_dimension_uid(segmentation: Dataset) -> None:
    uid = derived_uid(segmentation.SOPInstanceUID, "dimensions")
    for item in segmentation.DimensionOrganizationSequence:
        item.DimensionOrganizationUID = uid
    for item in segmentation.DimensionIndexSequence:
        item.DimensionOrganizationUID = uid


def _reference(instance: Dataset) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID = instance.SOPClassUID
    item.ReferencedSOPInstanceUID = instance.SOPInstanceUID
    item.PurposeOfReferenceCodeSequence = [codes.code_item(codes.REPLACED)]
    return item
