"""Every object of the archive is told by its header."""

import pytest
from pydicom.dataset import Dataset

from server.config.destinations import ObjectKind
from server.dicom import object_kind

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("sop_class", "more", "kind"),
    [
        ("77.1.4", {"ImageType": ["ORIGINAL", "PRIMARY"]}, ObjectKind.PHOTO),
        ("77.1.4", {}, ObjectKind.PHOTO),
        ("77.1.4", {"ImageType": ["DERIVED", "PRIMARY"]}, ObjectKind.OVERLAY),
        ("66.4", {"SegmentationType": "BINARY"}, ObjectKind.SEGMENTATION),
        ("66.4", {"SegmentationType": "FRACTIONAL"}, ObjectKind.HEAT_MAP),
        ("66.7", {}, ObjectKind.SEGMENTATION),
        ("88.33", {}, ObjectKind.REPORT),
        ("88.34", {}, ObjectKind.REPORT),
        ("88.59", {}, ObjectKind.KEY_OBJECT),
        ("104.1", {}, ObjectKind.DOCUMENT),
    ],
)
def test_kinds(sop_class: str, more: dict[str, object], kind: ObjectKind) -> None:
    header = Dataset()
    header.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.{sop_class}"
    for name, value in more.items():
        setattr(header, name, value)
    assert object_kind(header) is kind
