"""Structured reports: Comprehensive 3D SR with TID 1500 Measurement Report (PS3.16)."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code
from pydicom.uid import Comprehensive3DSRStorage, ExplicitVRLittleEndian

from server.dicom import codes, content
from server.dicom.attributes import Equipment, Making, add_making, file_meta
from server.dicom.content import Item, Relation
from server.dicom.context import calibration_of
from server.dicom.evidence import evidence
from server.dicom.groups import Group, Model, SegmentReference, build_group, build_quality_group
from server.dicom.observer import device_observer
from server.dicom.order import add_request
from station.protocol import Measure, QualityReport, derived_uid

_TITLE = Code("126000", "DCM", "Imaging Measurement Report")
_MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")
_LIBRARY = Code("111028", "DCM", "Image Library")
_LIBRARY_GROUP = Code("126200", "DCM", "Image Library Group")
_LIBRARY_IMAGE = Code("260753009", "SCT", "Source")
_MODALITY = Code("121139", "DCM", "Modality")
_PHOTOGRAPHY_MODALITY = Code("XC", "DCM", "External-camera Photography")
_ROWS = Code("110910", "DCM", "Pixel Data Rows")
_COLUMNS = Code("110911", "DCM", "Pixel Data Columns")
_PIXELS = Code("{pixels}", "UCUM", "Pixels")
_LANGUAGE = Code("121049", "DCM", "Language of Content Item and Descendants")
_ENGLISH = Code("en-US", "RFC5646", "English (United States)")
_PROCEDURE = Code("121058", "DCM", "Procedure reported")

NO_CLINICAL_VALIDATION = (
    "Made by software for cosmetic and research use; not a medical device. "
    "Agreement with clinicians has not been established."
)
"""The notice that every report carries unless the caller says otherwise."""
REFERENCE_WEIGHTS = (
    "Trained models: phantom-trained reference weights; agreement with clinicians not established."
)
"""Of results that trained models had a part in."""


@dataclass(frozen=True, kw_only=True)
class ReportedFinding:
    """A finding with its measures; `tracking_uid` is that of its segment, where it has one."""

    kind: str
    """A name that `codes.segment_kind` knows."""
    region: str
    tracking_id: str
    tracking_uid: str
    measures: tuple[Measure, ...] = ()


def build_report(
    photo: Dataset,
    segmentation: Dataset | None,
    measures: Sequence[Measure],
    findings: Sequence[ReportedFinding] = (),
    *,
    making: Making,
    quality: QualityReport | None = None,
    models: Sequence[Model] = (),
    notices: Sequence[str] = (NO_CLINICAL_VALIDATION,),
    replaces: Dataset | None = None,
    heat_maps: Dataset | None = None,
    region_uid: Callable[[str], str] | None = None,
) -> Dataset:
    """The report on `photo`: one measurement group per region of `measures`, one per finding, one for the quality.

    A group refers to the segment of the same tracking UID (findings) or tracking ID (regions) in `segmentation`, or else in
    `heat_maps`, the fractional one; without any to the whole picture. `region_uid` gives the tracking UID of a region
    that has no segment; where it is left out that is the photo's own. A measure without a value becomes the evaluation
    "Not measurable" with its reason. `models` are named with their SHA-256 in the algorithm parameters of the measures
    whose `method` is `name/version`, the photo's calibration record in a comment. The report is COMPLETE, UNVERIFIED and
    carries `notices`. `replaces` is an earlier report, named in PredecessorDocumentsSequence. Pixels are not read; the
    same arguments give the same bytes.
    """
    masks = [one for one in (segmentation, heat_maps) if one is not None]
    uid_of = region_uid or partial(derived_uid, photo.SOPInstanceUID, "region")
    grouped = _groups(measures, findings, _segments(masks), uid_of)
    groups = [build_quality_group(photo, quality), *(build_group(photo, one, models) for one in grouped)]
    lines = [*notices, *(model.words for model in models), *_calibration(photo)]
    report = content.document(_TITLE, _document(photo, groups, lines, making.equipment), template="1500")
    title = f"Measures: {photo.get('SeriesDescription', '')}"
    add_making(report, photo, making, sop_class_uid=Comprehensive3DSRStorage, modality="SR", title=title)
    add_request(report, photo)
    _add_document_state(report, [photo, *masks])
    if replaces is not None:
        report.PredecessorDocumentsSequence = evidence([replaces])
    report.file_meta = file_meta(report, ExplicitVRLittleEndian)
    return report


def _calibration(photo: Dataset) -> Iterator[str]:
    if record := calibration_of(photo):
        yield f"Calibration record of colour and scale: {record}"


def _segments(segmentations: Iterable[Dataset]) -> dict[str, SegmentReference]:
    """Segments by tracking UID, and by tracking ID; those of the first segmentation that has them."""
    found: dict[str, SegmentReference] = {}
    for segmentation in segmentations:
        for item in segmentation.SegmentSequence:
            uid = str(item.TrackingUID)
            segment = SegmentReference(
                segmentation=segmentation, number=int(item.SegmentNumber), tracking_uid=uid
            )
            found.setdefault(str(item.TrackingID), segment)
            found.setdefault(uid, segment)
    return found


def _groups(
    measures: Iterable[Measure],
    findings: Iterable[ReportedFinding],
    segments: Mapping[str, SegmentReference],
    region_uid: Callable[[str], str],
) -> Iterator[Group]:
    regions: dict[str, list[Measure]] = {}
    for measure in measures:
        regions.setdefault(measure.region, []).append(measure)
    for region, members in regions.items():
        segment = segments.get(region)
        yield Group(
            tracking_id=region,
            tracking_uid=segment.tracking_uid if segment else region_uid(region),
            kind=codes.region_kind(region),
            region=region,
            measures=tuple(members),
            segment=segment,
        )
    for finding in findings:
        yield Group(
            tracking_id=finding.tracking_id,
            tracking_uid=finding.tracking_uid,
            kind=codes.segment_kind(finding.kind).type,
            region=finding.region,
            measures=finding.measures,
            segment=segments.get(finding.tracking_uid),
        )


def _document(
    photo: Dataset, groups: Sequence[Item], lines: Iterable[str], equipment: Equipment
) -> Iterator[Item]:
    yield content.code(_LANGUAGE, _ENGLISH, Relation.CONCEPT_MODIFIER)
    yield from device_observer(equipment)
    yield content.code(_PROCEDURE, codes.PHOTOGRAPHY, Relation.CONCEPT_MODIFIER)
    described = [
        content.code(_MODALITY, _PHOTOGRAPHY_MODALITY, Relation.ACQUISITION_CONTEXT),
        content.number(_ROWS, photo.Rows, _PIXELS, Relation.ACQUISITION_CONTEXT),
        content.number(_COLUMNS, photo.Columns, _PIXELS, Relation.ACQUISITION_CONTEXT),
    ]
    entry = content.image(_LIBRARY_IMAGE, photo, children=described)
    yield content.container(_LIBRARY, [content.container(_LIBRARY_GROUP, [entry])])
    yield content.container(_MEASUREMENTS, groups)
    for line in lines:
        yield content.text(codes.COMMENT, line)


def _add_document_state(report: Dataset, instances: Sequence[Dataset]) -> None:
    report.CompletionFlag, report.VerificationFlag, report.PreliminaryFlag = "COMPLETE", "UNVERIFIED", "FINAL"
    report.ReferencedPerformedProcedureStepSequence = []
    report.PerformedProcedureCodeSequence = []
    report.CurrentRequestedProcedureEvidenceSequence = evidence(instances)
