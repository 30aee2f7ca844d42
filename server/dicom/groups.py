"""Measurement groups of a report (PS3.16 TID 1410 Planar ROI and TID 1501 Measurement Group)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from server.dicom import codes, content
from server.dicom.content import Item, Relation
from server.dicom.units import unit_code
from station.protocol import Measure, QualityMeasure, QualityReport, Verdict, derived_uid

_GROUP = Code("125007", "DCM", "Measurement Group")
_TRACKING_ID = Code("112039", "DCM", "Tracking Identifier")
_TRACKING_UID = Code("112040", "DCM", "Tracking Unique Identifier")
_FINDING = Code("121071", "DCM", "Finding")
_FINDING_SITE = Code("363698007", "SCT", "Finding Site")
_LATERALITY = Code("272741003", "SCT", "Laterality")
_ALGORITHM_NAME = Code("111001", "DCM", "Algorithm Name")
_ALGORITHM_VERSION = Code("111003", "DCM", "Algorithm Version")
_ALGORITHM_PARAMETERS = Code("111002", "DCM", "Algorithm Parameters")
_SEGMENT = Code("121214", "DCM", "Referenced Segmentation Frame")
_SEGMENT_SOURCE = Code("121233", "DCM", "Source image for segmentation")
_SOURCE = Code("121112", "DCM", "Source of Measurement")


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model that took part, as Triton serves it."""

    name: str
    version: str
    sha256: str

    @property
    def words(self) -> str:
        """The line by which a report names it."""
        return f"Model {self.name} version {self.version}, SHA-256 {self.sha256}"


@dataclass(frozen=True, kw_only=True)
class SegmentReference:
    """One segment of a segmentation object."""

    segmentation: Dataset
    number: int
    tracking_uid: str


@dataclass(frozen=True, kw_only=True)
class Group:
    """What one measurement group says, and of what."""

    tracking_id: str
    tracking_uid: str
    kind: Code
    region: str
    measures: tuple[Measure, ...]
    segment: SegmentReference | None = None


def build_group(photo: Dataset, group: Group, models: Sequence[Model]) -> Item:
    """The measurement group of a region or finding: of its segment, where it has one, else of the whole picture."""
    return content.container(
        _GROUP, _group_items(photo, group, models), template="1501" if group.segment is None else "1410"
    )


def build_quality_group(photo: Dataset, quality: QualityReport | None) -> Item:
    """The group that says how good the picture is; without a report, that this could not be told."""
    return content.container(_GROUP, _quality_items(photo, quality), template="1501")


def _group_items(photo: Dataset, group: Group, models: Sequence[Model]) -> Iterator[Item]:
    methods = {measure.method for measure in group.measures if measure.method}
    shared = methods.pop() if len(methods) == 1 else ""
    yield from _tracking(group.tracking_id, group.tracking_uid)
    yield content.code(_FINDING, group.kind)
    yield _site(group.region)
    yield from _algorithm(shared, models)
    yield from _source(photo, group.segment)
    for measure in group.measures:
        yield from _measure(measure, () if shared else models, own_method=not shared)


def _measure(measure: Measure, models: Sequence[Model], *, own_method: bool) -> Iterator[Item]:
    name = codes.named(measure.name)
    if measure.value is not None and math.isfinite(measure.value):
        algorithm = _algorithm(measure.method, models) if own_method else ()
        yield content.number(name, measure.value, unit_code(measure.unit), children=algorithm)
        return
    yield content.code(name, codes.NOT_MEASURABLE)
    reason = measure.reason or ("no value" if measure.value is None else "not a finite number")
    yield content.text(codes.NOT_MEASURABLE_REASON, f"{measure.name}: {reason}")


def _quality_items(photo: Dataset, quality: QualityReport | None) -> Iterator[Item]:
    verdict = Verdict.UNKNOWN if quality is None else quality.verdict
    yield from _tracking("picture quality", derived_uid(photo.SOPInstanceUID, "quality"))
    yield content.code(_FINDING, codes.PICTURE_QUALITY)
    yield from _source(photo, None)
    yield content.code(codes.QUALITY_ASSESSMENT, codes.PICTURE_VERDICT[verdict])
    if quality is None:
        return
    for measure in quality.measures:
        yield from _quality_measure(measure)
    yield content.text(codes.QUALITY_PROFILE, quality.profile)
    yield content.text(codes.THRESHOLD_VERSION, quality.threshold_version)
    for line in quality.advice:
        yield content.text(codes.QUALITY_ADVICE, line)


def _quality_measure(measure: QualityMeasure) -> Iterator[Item]:
    region = "" if measure.region == "picture" else measure.region
    if measure.value is not None and math.isfinite(measure.value):
        name = codes.named(measure.name, region=region)
        yield content.number(name, measure.value, unit_code(measure.unit))
    verdict = codes.named(measure.name, region=region, prefix="verdict")
    yield content.code(verdict, codes.MEASURE_VERDICT[measure.verdict])


def _tracking(identifier: str, uid: str) -> Iterator[Item]:
    yield content.text(_TRACKING_ID, identifier, Relation.OBSERVATION_CONTEXT)
    yield content.uid(_TRACKING_UID, uid, Relation.OBSERVATION_CONTEXT)


def _source(photo: Dataset, segment: SegmentReference | None) -> Iterator[Item]:
    if segment is None:
        yield content.image(_SOURCE, photo)
    else:
        yield content.image(_SEGMENT, segment.segmentation, segment=segment.number)
        yield content.image(_SEGMENT_SOURCE, photo)


def _algorithm(method: str, models: Sequence[Model]) -> Iterator[Item]:
    name, _, version = method.partition("/")
    if name:
        yield content.text(_ALGORITHM_NAME, name, Relation.CONCEPT_MODIFIER)
        yield content.text(_ALGORITHM_VERSION, version, Relation.CONCEPT_MODIFIER)
    for model in models:
        if model.name == name:
            yield content.text(_ALGORITHM_PARAMETERS, f"sha256={model.sha256}", Relation.CONCEPT_MODIFIER)


def _site(region: str) -> Item:
    place = codes.anatomy(region)
    side = [] if place.side is None else [content.code(_LATERALITY, place.side, Relation.CONCEPT_MODIFIER)]
    return content.code(_FINDING_SITE, place.site, Relation.CONCEPT_MODIFIER, side)
