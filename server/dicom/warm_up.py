"""The cost of the first object paid before the first still comes."""

from datetime import UTC, datetime

import numpy as np
from pydicom.dataset import Dataset

from server.dicom.attributes import Equipment, Making
from server.dicom.files import encoded
from server.dicom.photo import build_photo
from server.dicom.photo_description import PhotoDescription
from server.dicom.report import build_report
from server.dicom.segmentation import build_segmentation
from server.dicom.segments import Segment
from station.protocol import FrameHeader, Patient, derived_uid

_SIDE = 16
_AT = datetime.fromtimestamp(0, UTC)
_UID = derived_uid("dermabooth", "warm up")
_EQUIPMENT = Equipment(manufacturer="-", model="-", serial="-", software_versions=("-",))
_MAKING = Making(
    series_instance_uid=_UID, sop_instance_uid=_UID, series_number=2, equipment=_EQUIPMENT, made_at=_AT
)


def warm_up() -> None:
    """Build one small visit and drop it: loads tables and codecs, half a second that the first still would wait."""
    photo = _photo()
    segmentation = build_segmentation(photo, [_segment()], making=_MAKING)
    report = build_report(photo, segmentation, (), making=_MAKING)
    for built in (photo, segmentation, report):
        encoded(built)


def _photo() -> Dataset:
    description = PhotoDescription(
        patient=Patient(),
        study_instance_uid=_UID,
        series_instance_uid=_UID,
        sop_instance_uid=_UID,
        series_number=1,
        instance_number=1,
        header=FrameHeader(frame_id=0, width=_SIDE, height=_SIDE),
        study_at=_AT,
        series_at=_AT,
        equipment=_EQUIPMENT,
    )
    return build_photo(description, np.zeros((_SIDE, _SIDE, 3), np.uint8))


def _segment() -> Segment:
    return Segment(
        label="skin",
        kind="skin",
        mask=np.ones((_SIDE, _SIDE), np.bool_),
        algorithm="-",
        version="-",
        tracking_id="skin",
        tracking_uid=_UID,
    )
