"""Every attribute of a visit's objects against table E.1-1 of PS3.15, under every set of options."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from server.errors import ConfigError
from server.export import ExportOptions, Faces, Option, Pseudonyms
from server.export.deidentify import Deidentifier
from server.export.identity import Subject
from server.export.options import BASIC, CODES
from server.export.standard import table
from tests.fixtures.research_visits import ANNA, OPENED_AT, PLANTED, shoot

pytestmark = pytest.mark.unit

KEY = Pseudonyms(b"k" * 32)
SUBJECT = Subject("key", KEY.patient("key"), KEY.shift("key"))
TABLE_E_1_1 = {
    "X": "ContributionDateTime ContributionDescription ImageComments IssuerOfPatientID LensModel SeriesDescription "
    "StudyDescription TimezoneOffsetFromUTC",
    "Z": "AccessionNumber PatientBirthDate PatientName PatientSex ReferringPhysicianName StudyDate StudyID StudyTime",
    "D": "ContentSequence",
    "U": "DimensionOrganizationUID ReferencedSOPInstanceUID SOPInstanceUID SeriesInstanceUID StudyInstanceUID TrackingUID UID",
    "X/Z": "AcquisitionContextSequence AcquisitionDate AcquisitionTime",
    "X/D": "InstanceCreationDate ProtocolName SeriesDate SeriesTime",
    "Z/D": "ContentDate ContentTime PatientID",
    "X/Z/D": "AcquisitionDateTime DeviceSerialNumber InstanceCreationTime InstitutionName "
    "ReferencedPerformedProcedureStepSequence StationName",
    "X/Z/U*": "ReferencedImageSequence SourceImageSequence",
}
"""What the standard says of the attributes that these objects hold, read from its page."""
LISTED = {keyword: code for code, words in TABLE_E_1_1.items() for keyword in words.split()}
DATES = {"DA", "TM", "DT"}
KEPT_BY = {
    "LensModel": Option.DEVICE_IDENTITY,
    "StationName": Option.DEVICE_IDENTITY,
    "DeviceSerialNumber": Option.DEVICE_IDENTITY,
    "InstitutionName": Option.INSTITUTION,
    "PatientSex": Option.PATIENT_CHARACTERISTICS,
    "TimezoneOffsetFromUTC": Option.FULL_DATES,
    "ContentSequence": Option.CLEAN_STRUCTURED_CONTENT,
    "AcquisitionContextSequence": Option.CLEAN_STRUCTURED_CONTENT,
}
CLEANED = {"ImageComments", "SeriesDescription", "StudyDescription", "ProtocolName"}
SETS = st.sets(st.sampled_from(list(Option))).filter(
    lambda chosen: not {Option.FULL_DATES, Option.MODIFIED_DATES} <= chosen
)


@cache
def objects() -> tuple[Dataset, Dataset, Dataset]:
    """Photo, segmentation and report of one shot."""
    shot = shoot(ANNA, "2.25.1234", OPENED_AT, replaces="2.25.99")
    return shot.photo, shot.segmentation, shot.report


def walk(dataset: Dataset) -> Iterator[DataElement]:
    for element in dataset:
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from walk(item)


@cache
def originals(keyword: str) -> set[str]:
    """Every value that an attribute has in the objects before."""
    return {
        str(one.value)
        for dataset in objects()
        for one in walk(dataset)
        if one.keyword == keyword and one.VR != "SQ"
    }


def export(dataset: Dataset, options: ExportOptions) -> Dataset:
    exported = frozenset({*(str(one.SOPInstanceUID) for one in objects()), "2.25.99"})
    return Deidentifier(KEY, options, SUBJECT, exported, "0.1.0")(dataset)


def test_the_table_says_of_our_attributes_what_the_standard_says() -> None:
    held = {one.keyword for dataset in objects() for one in walk(dataset) if one.tag in table()}
    assert {keyword: table()[tag_for_keyword(keyword) or 0] for keyword in held} == {
        keyword: code for keyword, code in LISTED.items() if keyword in held
    }
    assert held == set(LISTED)


@settings(max_examples=8, deadline=None)
@given(chosen=SETS, faces=st.sampled_from(list(Faces)))
def test_every_listed_attribute_is_as_its_action_demands(chosen: set[Option], faces: Faces) -> None:
    try:
        options = ExportOptions(frozenset(chosen), faces)
    except ConfigError:
        assert Option.CLEAN_RECOGNIZABLE_FEATURES in chosen
        assert faces is Faces.AS_THEY_ARE
        return
    for dataset in objects():
        made = export(dataset, options)
        for element in walk(made):
            if element.keyword in LISTED:
                check(element, LISTED[element.keyword], options)
        codes = [item.CodeValue for item in made.DeidentificationMethodCodeSequence]
        claimed = {CODES[option].value for option in options.options}
        masked = {CODES[Option.CLEAN_RECOGNIZABLE_FEATURES].value} if options.masked else set()
        assert codes[0] == BASIC.value
        assert set(codes[1:]) == claimed | masked
        assert made.PatientIdentityRemoved == "YES"
        assert made.LongitudinalTemporalInformationModified == options.dates


def check(element: DataElement, code: str, options: ExportOptions) -> None:
    """That an exported attribute may be there with its value."""
    keyword, text = element.keyword, "" if element.value is None else str(element.value)
    changed = text not in originals(keyword)
    if KEPT_BY.get(keyword) in options.options:
        return
    if keyword in CLEANED and Option.CLEAN_DESCRIPTORS in options.options:
        assert not any(word in text for word in PLANTED)
        return
    if element.VR in DATES and keyword != "PatientBirthDate" and options.dates != "REMOVED":
        assert changed == (options.dates == "MODIFIED") or not text
        return
    if element.VR == "UI":
        assert changed or Option.RETAIN_UIDS in options.options or text.startswith("1.2.840.10008.")
        return
    if element.VR == "SQ":
        assert code.endswith("U*") or not element.value, keyword
        return
    assert code != "X", f"{keyword} is still there"
    assert not text or changed


@settings(max_examples=5, deadline=None)
@given(chosen=SETS)
def test_text_of_no_row_holds_nothing_planted(chosen: set[Option]) -> None:
    kept = {Option.DEVICE_IDENTITY, Option.INSTITUTION, Option.CLEAN_RECOGNIZABLE_FEATURES}
    options = ExportOptions(frozenset(chosen - kept))
    for dataset in objects():
        for element in walk(export(dataset, options)):
            if element.VR not in {"SQ", "OB", "OW"}:
                assert not any(word.lower() in str(element.value).lower() for word in PLANTED), element


def test_every_text_representation_is_cleaned_wherever_it_lies() -> None:
    photo = Dataset()
    photo.update(objects()[0])
    photo.file_meta = objects()[0].file_meta
    nested, secret = Dataset(), "Annegret Oberhauser"
    for keyword, value in {
        "PersonName": secret, "LongCodeValue": secret, "URNCodeValue": "urn:Oberhauser", "TextString": secret,
        "UnformattedTextValue": secret, "SegmentLabel": secret, "SegmentDescription": secret, "TrackingID": secret,
        "AlgorithmName": secret, "BodyPartExamined": "OBERHAUSER", "StationAETitle": "OBERHAUSER", "PatientAge": "094Y",
        "DetectorDescription": secret, "EncapsulatedDocument": secret.encode(), "RetrieveURL": "http://oberhauser.example",
        "MakerNote": secret.encode(), "GPSLatitude": "1", "AcquisitionContextDescription": secret,
    }.items():  # fmt: skip
        setattr(nested, keyword, value)
    block = nested.private_block(0x0011, secret, create=True)
    block.add_new(0x01, "LO", secret)
    inner = Dataset()
    inner.update(nested)
    nested.DerivationCodeSequence = [inner]
    photo.ViewCodeSequence = [nested]
    photo.add_new(0x00091001, "UN", secret.encode())
    made = export(photo, ExportOptions(frozenset(Option) - {Option.FULL_DATES}, Faces.EYE_BAND))
    assert "OBERHAUSER" not in str(made).upper().replace("BOOTH-WEST", "")
    assert not any(element.tag.is_private for element in walk(made))


def test_what_the_program_measured_itself_all_stays() -> None:
    _, _, report = objects()
    made = export(report, ExportOptions())

    def numbers(dataset: Dataset) -> list[tuple[str, str]]:
        items = [
            one for element in walk(dataset) if element.keyword == "ContentSequence" for one in element.value
        ]
        return [
            (str(one.ConceptNameCodeSequence[0].CodeMeaning), str(one.MeasuredValueSequence[0].NumericValue))
            for one in items
            if one.ValueType == "NUM"
        ]

    assert numbers(made) == numbers(report)
    assert len(numbers(made)) >= 6


def test_modified_dates_keep_the_time_between_visits() -> None:
    options = ExportOptions(frozenset({Option.MODIFIED_DATES}))
    early, late = (shoot(ANNA, f"2.25.{day}", OPENED_AT + day * 86_400 * 17.5).photo for day in (0, 1))
    maker = Deidentifier(KEY, options, SUBJECT, frozenset(), "0.1.0")

    def at(photo: Dataset) -> datetime:
        return datetime.strptime(photo.StudyDate + photo.StudyTime, "%Y%m%d%H%M%S.%f")  # noqa: DTZ007

    assert at(maker(late)) - at(maker(early)) == at(late) - at(early)
    assert at(maker(early)) - at(early) == SUBJECT.shift
    other = Subject("other", "P-2", KEY.shift("other"))
    assert other.shift != SUBJECT.shift


def test_the_age_of_the_oldest_is_told_as_ninety() -> None:
    made = export(objects()[0], ExportOptions(frozenset({Option.PATIENT_CHARACTERISTICS})))
    assert (made.PatientAge, made.PatientSex, made.PatientBirthDate) == ("090Y", "F", None)
