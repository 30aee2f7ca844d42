"""The cost of the first object paid before the first still comes."""

from datetime import UTC, datetime

import numpy as np

from server.dicom.attributes import Equipment
from server.dicom.files import encoded
from server.dicom.photo import PhotoDescription, build_photo
from server.dicom.report import build_report
from server.dicom.segmentation import build_segmentation
from server.dicom.segments import Segment
from station.protocol import FrameHeader, Patient, derived_uid

_SIDE = 16


def warm_up() -> None:
    """Build one small visit and drop it: loads tables and codecs, half a second that the first still would wait."""
    at = datetime.fromtimestamp(0, UTC)
    equipment = Equipment(manufacturer="-", model="-", serial="-", software_versions=("-",))
    uid = derived_uid("dermabooth", "warm up")
    photo = build_photo(
        PhotoDescription(
            patient=Patient(),
            study_instance_uid=uid,
            series_instance_uid=uid,
            sop_instance_uid=uid,
            series_number=1,
            instance_number=1,
            header=FrameHeader(frame_id=0, width=_SIDE, height=_SIDE),
            study_at=at,
            series_at=at,
            equipment=equipment,
        ),
        np.zeros((_SIDE, _SIDE, 3), np.uint8),
    )
    segment = Segment(
        label="skin",
        kind="skin",
        mask=np.ones((_SIDE, _SIDE), np.bool_),
        algorithm="-",
        version="-",
        tracking_id="skin",
        tracking_uid=uid,
    )
    segmentation = build_segmentation(
        photo,
        [segment],
        series_instance_uid=uid,
        sop_instance_uid=uid,
        series_number=2,
        equipment=equipment,
        made_at=at,
    )
    report = build_report(
        photo,
        segmentation,
        (),
        series_instance_uid=uid,
        sop_instance_uid=uid,
        series_number=3,
        equipment=equipment,
        made_at=at,
    )
    for built in (photo, segmentation, report):
        encoded(built)
