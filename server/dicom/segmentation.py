"""Segmentation objects (PS3.3 sections A.51 and A.88): the regions or findings of one photograph, a segment each.

highdicom describes the object; the pixel data are encoded here, in a fiftieth of the time that it takes at 24 megapixels.
What else it leaves out or gets wrong `_complete` mends.
"""

from collections.abc import Sequence
from enum import StrEnum

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, RLELossless

from server.dicom import codes, segment_frames
from server.dicom.attributes import (
    Making,
    add_patient_and_study,
    add_times,
    date,
    file_meta,
    offset,
    time,
    zone_of,
)
from server.dicom.evidence import reference
from server.dicom.segments import Segment
from station.protocol import derived_uid

LABEL_MAP_SEGMENTATION_STORAGE = UID("1.2.840.10008.5.1.4.1.1.66.7")
"""Label Map Segmentation Storage, which pydicom 3.0.2 has no name for."""


class Form(StrEnum):
    """How a segmentation holds its segments."""

    BINARY = "BINARY"
    """A pixel belongs to a segment or does not; segments may overlap."""
    FRACTIONAL = "FRACTIONAL"
    """How surely a pixel belongs to it, in 255 steps: a heat map."""
    LABEL_MAP = "LABELMAP"
    """Every pixel belongs to one segment at most."""


_TITLES = {
    Form.BINARY: ("SKIN", "Regions and findings of a skin photograph", "Masks"),
    Form.FRACTIONAL: ("SKIN_HEAT", "Where models see what they tell of a skin photograph", "Heat maps"),
    Form.LABEL_MAP: ("SKIN_PARTS", "Parts of a skin photograph", "Label map"),
}
"""Content Label, Content Description, beginning of the Series Description."""


def build_segmentation(
    photo: Dataset,
    segments: Sequence[Segment],
    *,
    form: Form = Form.BINARY,
    making: Making,
    replaces: Dataset | None = None,
) -> Dataset:
    """The segmentation of `photo`: segment n is frame n, whatever its mask; a label map is a single frame.

    A segment without a pixel keeps its frame, all zero: "looked for, not found" is said, and the object stays valid.
    Only attributes of `photo` are read, never its pixels. `replaces` is an earlier segmentation of the same photograph,
    named in ReferencedInstanceSequence. The same arguments give the same bytes.
    Raises `ValueError` for no segments, a mask of another size, or segments of a label map that overlap.
    """
    # Only who makes segmentations loads highdicom.
    from server.dicom.described import described

    segment_frames.check_sizes(segments, photo.Rows, photo.Columns)
    label, description, title = _TITLES[form]
    segmentation = described(
        photo,
        form.value,
        segments,
        series_instance_uid=making.series_instance_uid,
        series_number=making.series_number,
        sop_instance_uid=making.sop_instance_uid,
        instance_number=making.instance_number,
        manufacturer=making.equipment.manufacturer,
        manufacturer_model_name=making.equipment.model,
        software_versions="",
        device_serial_number=making.equipment.serial,
        content_label=label,
        content_description=description,
        series_description=f"{title}: {photo.get('SeriesDescription', '')}"[:64],
    )
    _complete(segmentation, photo, making)
    _set_frames(segmentation, form, segments, photo)
    if replaces is not None:
        segmentation.ReferencedInstanceSequence = [_replaced(replaces)]
    return segmentation


def _set_frames(segmentation: Dataset, form: Form, segments: Sequence[Segment], photo: Dataset) -> None:
    segmentation.Rows, segmentation.Columns = photo.Rows, photo.Columns
    encode = {
        Form.BINARY: segment_frames.binary,
        Form.FRACTIONAL: segment_frames.fractional,
        Form.LABEL_MAP: segment_frames.classes,
    }[form]
    native = form is Form.BINARY
    segment_frames.put(segmentation, encode(segments), encapsulated=not native)
    syntax = ExplicitVRLittleEndian if native else RLELossless
    segmentation.file_meta = file_meta(segmentation, UID(syntax))


def _complete(segmentation: Dataset, photo: Dataset, making: Making) -> None:
    segmentation.SoftwareVersions = list(making.equipment.software_versions)
    segmentation.PatientOrientation = photo.PatientOrientation
    add_patient_and_study(segmentation, photo)
    if "RequestAttributesSequence" in photo:
        segmentation.RequestAttributesSequence = photo.RequestAttributesSequence
    at = making.made_at.astimezone(zone_of(photo))
    add_times(segmentation, at)
    _derive_dimension_uid(segmentation)
    for contribution in segmentation.get("ContributingEquipmentSequence", ()):
        if contribution.ManufacturerModelName == "highdicom":
            contribution.ContributionDateTime = date(at) + time(at) + offset(at)


def _derive_dimension_uid(segmentation: Dataset) -> None:
    uid = derived_uid(segmentation.SOPInstanceUID, "dimensions")
    for item in segmentation.DimensionOrganizationSequence:
        item.DimensionOrganizationUID = uid
    for item in segmentation.DimensionIndexSequence:
        item.DimensionOrganizationUID = uid


def _replaced(instance: Dataset) -> Dataset:
    item = reference(instance)
    item.PurposeOfReferenceCodeSequence = [codes.code_item(codes.REPLACED)]
    return item
