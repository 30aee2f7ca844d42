"""A structured report that a person has verified (PS3.3 section C.17.2 SR Document General)."""

import copy
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import Dataset

from server.dicom.attributes import date, file_meta, offset, time, zone_of
from server.dicom.evidence import evidence


@dataclass(frozen=True, kw_only=True)
class Observer:
    """Who verifies, and when."""

    name: str
    """PN."""
    organization: str
    at: datetime
    """Aware."""


def verified(
    report: Dataset,
    observer: Observer,
    *,
    series_instance_uid: str,
    sop_instance_uid: str,
    series_number: int,
    instance_number: int,
) -> Dataset:
    """The copy of a report that is VERIFIED; its content and all that it refers to stay.

    It names `report` in PredecessorDocumentsSequence, beside what that replaced. The same arguments give the same bytes.
    """
    made = copy.deepcopy(report)
    at = observer.at.astimezone(zone_of(report))
    made.SOPInstanceUID, made.SeriesInstanceUID = sop_instance_uid, series_instance_uid
    made.SeriesNumber, made.InstanceNumber = series_number, instance_number
    made.SeriesDescription = "Signed measures"
    made.InstanceCreationDate, made.InstanceCreationTime = date(at), time(at)
    made.SeriesDate, made.SeriesTime = date(at), time(at)
    made.VerificationFlag = "VERIFIED"
    made.VerifyingObserverSequence = [_item(observer, at)]
    made.PredecessorDocumentsSequence = [*made.get("PredecessorDocumentsSequence", ()), *evidence([report])]
    made.file_meta = file_meta(made, report.file_meta.TransferSyntaxUID)
    return made


def _item(observer: Observer, at: datetime) -> Dataset:
    item = Dataset()
    item.VerifyingObserverName, item.VerifyingOrganization = observer.name, observer.organization
    item.VerifyingObserverIdentificationCodeSequence = []
    item.VerificationDateTime = date(at) + time(at) + offset(at)
    return item
