"""Which attributes a search tells of and matches, by level (PS3.18 tables 10.6.1-5 and 10.6.3-3 to 10.6.3-5)."""

from collections.abc import Mapping

from pydicom.datadict import keyword_for_tag, tag_for_keyword

from server.store import Level

TOLD: Mapping[Level, tuple[str, ...]] = {
    Level.STUDY: (
        "SpecificCharacterSet",
        "StudyDate",
        "StudyTime",
        "AccessionNumber",
        "ReferringPhysicianName",
        "TimezoneOffsetFromUTC",
        "PatientName",
        "PatientID",
        "PatientBirthDate",
        "PatientSex",
        "StudyInstanceUID",
        "StudyID",
        "StudyDescription",
    ),
    Level.SERIES: (
        "Modality",
        "TimezoneOffsetFromUTC",
        "SeriesDescription",
        "SeriesInstanceUID",
        "SeriesNumber",
        "SeriesDate",
        "SeriesTime",
        "PerformedProcedureStepStartDate",
        "PerformedProcedureStepStartTime",
        "RequestAttributesSequence",
    ),
    Level.INSTANCE: (
        "SOPClassUID",
        "SOPInstanceUID",
        "TimezoneOffsetFromUTC",
        "InstanceNumber",
        "Rows",
        "Columns",
        "BitsAllocated",
        "NumberOfFrames",
    ),
}
"""What is told unasked."""

MORE: Mapping[Level, tuple[str, ...]] = {
    Level.STUDY: (
        "IssuerOfPatientID",
        "AdmissionID",
        "ProcedureCodeSequence",
        "PatientAge",
        "PatientSize",
        "PatientWeight",
    ),
    Level.SERIES: (
        "InstitutionName",
        "Manufacturer",
        "ManufacturerModelName",
        "StationName",
        "ProtocolName",
        "BodyPartExamined",
        "Laterality",
    ),
    Level.INSTANCE: (
        "ImageType",
        "ContentDate",
        "ContentTime",
        "AcquisitionDateTime",
        "ImageComments",
        "ImageLaterality",
        "AnatomicRegionSequence",
        "PhotometricInterpretation",
        "SamplesPerPixel",
        "LossyImageCompression",
        "BurnedInAnnotation",
        "RecognizableVisualFeatures",
        "PixelSpacing",
        "ContentLabel",
        "CompletionFlag",
        "VerificationFlag",
        "ConceptNameCodeSequence",
    ),
}
"""What `includefield` adds."""

MATCHED: Mapping[str, str] = {
    "StudyInstanceUID": "study_instance_uid",
    "SeriesInstanceUID": "series_instance_uid",
    "SOPInstanceUID": "sop_instance_uid",
    "SOPClassUID": "sop_class_uid",
    "Modality": "modality",
    "ModalitiesInStudy": "modalities_in_study",
    "SeriesNumber": "series_number",
    "InstanceNumber": "instance_number",
    "SeriesDescription": "series_description",
    "PatientID": "patient_id",
    "IssuerOfPatientID": "issuer_of_patient_id",
    "PatientName": "patient_name",
    "PatientBirthDate": "patient_birth_date",
    "PatientSex": "patient_sex",
    "StudyDate": "study_date",
    "StudyTime": "study_time",
    "StudyID": "study_id",
    "StudyDescription": "study_description",
    "AccessionNumber": "accession_number",
    "ReferringPhysicianName": "referring_physician_name",
}
"""What can be searched for, and its column of `HeaderRow`."""

KEPT = frozenset(keyword for level in Level for keyword in (*TOLD[level], *MORE[level]))
"""Everything that a search can tell."""


def json_tag(keyword: str) -> str:
    """Eight hexadecimal digits."""
    tag = tag_for_keyword(keyword)
    assert tag is not None
    return f"{tag:08X}"


def keyword_of(name: str) -> str | None:
    """The keyword of an attribute that is named by keyword or by eight hexadecimal digits; None if there is none."""
    if tag_for_keyword(name) is not None:
        return name
    try:
        return keyword_for_tag(int(name, 16)) or None if len(name) == 8 else None
    except ValueError:
        return None
