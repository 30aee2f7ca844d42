"""What the confidentiality profile does to each attribute (PS3.15 table E.1-1), and what its options change.

The rows are those that `dicom-anonymizer` carries, edition 2026c. Of that package only the table is used: its code
leaves the items of sequences as they are, knows no options, and gives UIDs that differ from run to run.
"""

from collections.abc import Mapping
from enum import Enum, auto
from functools import cache

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as edition
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.tag import BaseTag

from server.export.options import Option


class Action(Enum):
    """What happens to an attribute; `X`, `Z`, `D`, `U`, `K` and `C` of the standard."""

    REMOVE = auto()
    EMPTY = auto()
    DUMMY = auto()
    """A value that says nothing, valid for the attribute."""
    UID = auto()
    """The pseudonym of each UID."""
    KEEP = auto()
    CLEAN_TEXT = auto()
    """Kept if every word of it is known to hold no identity."""
    CLEAN_ITEMS = auto()
    """The sequence stays, each of its items goes through the profile."""
    SHIFT = auto()
    """Moved by the patient's offset."""
    UNLISTED = auto()
    """No row of the table: judged by its value representation."""


def _tags(keywords: str) -> frozenset[int]:
    found = [tag_for_keyword(keyword) for keyword in keywords.split()]
    return frozenset(tag for tag in found if tag is not None)


_TYPE_1 = _tags("DeviceSerialNumber ContentDate ContentTime")
"""Of the objects exported, attributes that must hold a value in one of them."""
_TYPE_2 = _tags("AcquisitionContextSequence ReferencedPerformedProcedureStepSequence StudyDate StudyTime")
_REFERENCES = _tags(
    "ReferencedImageSequence SourceImageSequence ReferencedInstanceSequence PredecessorDocumentsSequence"
)
"""Sequences of references to objects of the same study, which stay with their UIDs replaced."""

_STRUCTURED = _tags("AcquisitionContextSequence ContentSequence")
_CONTENT = tag_for_keyword("ContentSequence")
"""All that a report says: its dummy would be an empty report, which does not leave."""
_BORN = _tags("PatientBirthDate PatientBirthTime GPSTimeStamp")
"""Dates that no option keeps."""
_CHARACTERISTICS = _tags(
    "EthnicGroup PatientAge PatientSex PatientSexNeutered PatientSize PatientWeight PregnancyStatus SmokingStatus"
)
_INSTITUTION = _tags(
    "InstitutionAddress InstitutionalDepartmentName InstitutionalDepartmentTypeCodeSequence InstitutionCodeSequence "
    "InstitutionName"
)
_DEVICE = _tags(
    "CalibrationDate CalibrationDateTime CalibrationTime CassetteID DateOfInstallation DateOfLastCalibration "
    "DateOfManufacture DateTimeOfLastCalibration DetectorID DeviceDescription DeviceLabel DeviceSerialNumber DeviceUID "
    "GantryID GeneratorID LensMake LensModel LensSerialNumber LensSpecification ManufacturerDeviceClassUID "
    "ManufacturerDeviceIdentifier PerformedStationName PlateID ScheduledProcedureStepLocation ScheduledStationName "
    "SourceManufacturer SourceSerialNumber StationName TimeOfLastCalibration UDISequence UniqueDeviceIdentifier"
)
_DESCRIPTORS = _tags(
    "AcquisitionDeviceProcessingDescription AcquisitionProtocolDescription ContentDescription DerivationDescription "
    "ImageComments LabelText PerformedProcedureStepDescription ProtocolName RequestedProcedureDescription "
    "ScheduledProcedureStepDescription SeriesDescription StudyDescription"
)
"""Descriptors that may hold words of ours; every other one goes as the profile says."""
_KEPT_BY = {
    Option.PATIENT_CHARACTERISTICS: _CHARACTERISTICS,
    Option.DEVICE_IDENTITY: _DEVICE,
    Option.INSTITUTION: _INSTITUTION,
}
_TEMPORAL = frozenset({"DA", "DT", "TM"})
_ZONE = _tags("TimezoneOffsetFromUTC")


@cache
def table() -> Mapping[int, str]:
    """Code of the basic profile by tag, `X/Z` for "remove, or empty where the object needs it"; the table's own tags."""
    groups = {
        "D": edition.D_TAGS,
        "Z": edition.Z_TAGS,
        "X": edition.X_TAGS,
        "U": edition.U_TAGS,
        "Z/D": edition.Z_D_TAGS,
        "X/Z": edition.X_Z_TAGS,
        "X/D": edition.X_D_TAGS,
        "X/Z/D": edition.X_Z_D_TAGS,
        "X/Z/U*": edition.X_Z_U_STAR_TAGS,
    }
    return {tag[0] << 16 | tag[1]: code for code, tags in groups.items() for tag in tags if len(tag) == 2}


def action_of(tag: BaseTag, options: frozenset[Option]) -> Action:
    """What the profile with these options does to an attribute."""
    if tag.is_private or tag.group & 0xFF00 in {0x5000, 0x6000}:
        # Curves and overlay planes; of private attributes none is known to be safe.
        return Action.REMOVE
    code = table().get(tag)
    if code is None:
        return Action.UNLISTED
    return _kept(tag, code, options) or _basic(tag, code)


def _kept(tag: int, code: str, options: frozenset[Option]) -> Action | None:
    """What an option makes of it; None: nothing."""
    vr = _vr(tag)
    if any(tag in tags and option in options for option, tags in _KEPT_BY.items()):
        return Action.CLEAN_ITEMS if vr == "SQ" else Action.KEEP
    if tag in _REFERENCES:
        return Action.CLEAN_ITEMS
    if tag in _STRUCTURED and Option.CLEAN_STRUCTURED_CONTENT in options:
        return Action.CLEAN_ITEMS
    if tag in _DESCRIPTORS and Option.CLEAN_DESCRIPTORS in options:
        return Action.CLEAN_TEXT
    if vr == "UI" and code == "U" and Option.RETAIN_UIDS in options:
        return Action.KEEP
    if (vr in _TEMPORAL and tag not in _BORN) or tag in _ZONE:
        return _dated(tag, options)
    return None


def _dated(tag: int, options: frozenset[Option]) -> Action | None:
    if Option.FULL_DATES in options:
        return Action.KEEP
    if Option.MODIFIED_DATES in options:
        return Action.REMOVE if tag in _ZONE else Action.SHIFT
    return None


def _basic(tag: int, code: str) -> Action:
    """The profile's own action; of alternatives the one that leaves least and keeps the object valid."""
    if code.endswith("U*"):
        return Action.CLEAN_ITEMS
    if tag == _CONTENT:
        return Action.REMOVE
    if code in {"D", "Z/D"} or ("D" in code and tag in _TYPE_1):
        return Action.CLEAN_ITEMS if _vr(tag) == "SQ" else Action.DUMMY
    if code == "Z" or ("Z" in code and tag in _TYPE_2):
        return Action.EMPTY
    return Action.UID if code == "U" else Action.REMOVE


def _vr(tag: int) -> str:
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"
