"""Attributes that every object of a visit shares."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from datetime import timezone as fixed_zone

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from server.dicom.codes import coding_schemes
from server.dicom.order import ORDER_OF_STUDY
from station.protocol import derived_uid

IMPLEMENTATION_CLASS_UID = UID(derived_uid("dermabooth", "implementation", "1"))
IMPLEMENTATION_VERSION = "DERMABOOTH_1"

PATIENT_AND_STUDY = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "StudyDescription",
    "AccessionNumber",
    "ReferringPhysicianName",
    *ORDER_OF_STUDY,
)
"""What every object of a visit says alike."""


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """The device or program that makes an object (PS3.3 section C.7.5.2); each at most 64 characters."""

    manufacturer: str
    model: str
    serial: str
    software_versions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Making:
    """Under which UIDs and numbers an object is made of others, by what, and when."""

    series_instance_uid: str
    sop_instance_uid: str
    series_number: int
    instance_number: int = 1
    equipment: Equipment
    made_at: datetime
    """Aware; told in the time zone of what the object is made of."""


def date(at: datetime) -> str:
    """A DA value."""
    return at.strftime("%Y%m%d")


def time(at: datetime) -> str:
    """A TM value with microseconds."""
    return at.strftime("%H%M%S.%f")


def offset(at: datetime) -> str:
    """A TimezoneOffsetFromUTC value, e.g. `+0100`."""
    return at.strftime("%z")[:5]


def file_meta(dataset: Dataset, transfer_syntax: UID) -> FileMetaDataset:
    """The file meta information (PS3.10 section 7.1) of an object that this program writes."""
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = transfer_syntax
    meta.ImplementationClassUID = IMPLEMENTATION_CLASS_UID
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    return meta


def without_pixels(dataset: Dataset) -> Dataset:
    """The attributes of an image, its pixel data, colour profile and file meta information left out; not a copy in depth."""
    attributes = Dataset()
    for element in dataset:
        if element.keyword not in {"PixelData", "ICCProfile"}:
            attributes.add(element)
    return attributes


def zone_of(dataset: Dataset) -> tzinfo:
    """The time zone in which an object writes its times; UTC where it does not say."""
    text = str(dataset.get("TimezoneOffsetFromUTC", "") or "+0000")
    sign = -1 if text[0] == "-" else 1
    return fixed_zone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:5])))


def add_patient_and_study(derived: Dataset, photo: Dataset) -> None:
    """Say of a derived object which patient and visit it belongs to, as its photograph does."""
    derived.SpecificCharacterSet = "ISO_IR 192"
    derived.CodingSchemeIdentificationSequence = coding_schemes()
    for keyword in PATIENT_AND_STUDY:
        if keyword in photo:
            setattr(derived, keyword, photo[keyword].value)


def add_making(
    derived: Dataset, source: Dataset, making: Making, *, sop_class_uid: UID, modality: str, title: str
) -> None:
    """Say of an object made of `source` what it is, whose, of which visit and series, by what it was made, and when."""
    derived.SOPClassUID, derived.SOPInstanceUID = sop_class_uid, making.sop_instance_uid
    derived.Modality = modality
    derived.SeriesInstanceUID, derived.SeriesNumber = making.series_instance_uid, making.series_number
    derived.SeriesDescription = title[:64]
    derived.InstanceNumber = making.instance_number
    add_patient_and_study(derived, source)
    add_equipment(derived, making.equipment)
    add_times(derived, making.made_at.astimezone(zone_of(source)))


def add_equipment(derived: Dataset, equipment: Equipment) -> None:
    """Name the maker of an object, all four attributes of Enhanced General Equipment (PS3.3 section C.7.5.2)."""
    derived.Manufacturer, derived.ManufacturerModelName = equipment.manufacturer, equipment.model
    derived.DeviceSerialNumber = equipment.serial
    derived.SoftwareVersions = list(equipment.software_versions)


def add_times(derived: Dataset, at: datetime) -> None:
    """Date instance, content and series of a derived object."""
    derived.TimezoneOffsetFromUTC = offset(at)
    derived.InstanceCreationDate, derived.InstanceCreationTime = date(at), time(at)
    derived.ContentDate, derived.ContentTime = date(at), time(at)
    derived.SeriesDate, derived.SeriesTime = date(at), time(at)
