"""Which kind of object a DICOM file of the archive is."""

from pydicom.dataset import Dataset
from pydicom.uid import (
    EncapsulatedPDFStorage,
    KeyObjectSelectionDocumentStorage,
    SegmentationStorage,
)

from server.config.destinations import ObjectKind
from server.dicom.segmentation import LABEL_MAP_SEGMENTATION_STORAGE

_REPORTS = "1.2.840.10008.5.1.4.1.1.88."
"""Root of the SOP classes of structured reports (PS3.6 annex A)."""
_BY_CLASS: dict[str, ObjectKind] = {
    KeyObjectSelectionDocumentStorage: ObjectKind.KEY_OBJECT,
    EncapsulatedPDFStorage: ObjectKind.DOCUMENT,
    LABEL_MAP_SEGMENTATION_STORAGE: ObjectKind.SEGMENTATION,
}


def object_kind(header: Dataset) -> ObjectKind:
    """The kind, by SOP class; heat maps are fractional segmentations, overlays photos that were derived."""
    sop_class = header.SOPClassUID
    if sop_class == SegmentationStorage:
        fractional = header.SegmentationType == "FRACTIONAL"
        return ObjectKind.HEAT_MAP if fractional else ObjectKind.SEGMENTATION
    if sop_class in _BY_CLASS:
        return _BY_CLASS[sop_class]
    if sop_class.startswith(_REPORTS):
        return ObjectKind.REPORT
    derived = header.get("ImageType", ["ORIGINAL"])[0] == "DERIVED"
    return ObjectKind.OVERLAY if derived else ObjectKind.PHOTO
