"""The DICOM objects of one examined picture: photo, segmentation, structured report."""

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from pydicom.dataset import Dataset

from server.analysis import Finding
from server.dicom import (
    NO_CLINICAL_VALIDATION,
    REFERENCE_WEIGHTS,
    Equipment,
    LossyCompression,
    Model,
    PhotoDescription,
    ReportedFinding,
    Segment,
    StudyWords,
    build_photo,
    build_photo_from_jpeg,
    build_report,
    build_segmentation,
)
from server.errors import BadImage
from server.inference import ModelInfo
from server.pipeline.examination import Layers, Skin, Srgb
from station.protocol import Conditions, FrameHeader, Layer, Order, Patient, QualityReport, derived_uid

ANALYSIS = "2"
"""Version of what is measured beside the models; raise it when the same picture gives other results."""

COLOUR_SKIN = "face_layers_still"
"""The model whose mask is the facial skin of a still that the segmenter has none for."""
_SEGMENTATION_SERIES = 1000
_REPORT_SERIES = 2000


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Whose picture it is, of which visit, and who made it."""

    patient: Patient
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    series_number: int
    instance_number: int
    header: FrameHeader
    study_at: datetime
    station_name: str = ""
    protocol_name: str = ""
    study: StudyWords = field(default_factory=StudyWords)
    lossy: bool = False
    """The picture came out of a lossy codec."""
    conditions: Conditions = field(default_factory=Conditions)
    replaces: str | None = None
    override: str = ""
    order: Order | None = None


class ObjectMaker:
    """Makes the objects; their UIDs follow from the picture's UID and the versions of models and analysis."""

    def __init__(self, models: Sequence[ModelInfo], software: str) -> None:
        self.models = tuple(Model(name=m.name, version=str(m.version), sha256=m.sha256) for m in models)
        self._version = _version(models)
        self._software = software
        self._equipment = Equipment(
            manufacturer="dermabooth", model="dermabooth server", serial="0", software_versions=(software,)
        )

    def photo(
        self, identity: Identity, srgb: Srgb, quality: QualityReport | None, jpeg: bytes | None = None
    ) -> Dataset:
        """The photograph: around `jpeg`, the camera's own file, where it can be kept as it is, else JPEG-LS lossless."""
        at = identity.header.captured_at
        taken = datetime.fromtimestamp(at, UTC) if at > 0 else identity.study_at
        description = PhotoDescription(
            patient=identity.patient,
            study_instance_uid=identity.study_instance_uid,
            series_instance_uid=identity.series_instance_uid,
            sop_instance_uid=identity.sop_instance_uid,
            series_number=identity.series_number,
            instance_number=identity.instance_number,
            header=identity.header,
            study_at=identity.study_at,
            series_at=taken,
            equipment=self._equipment,
            station_name=identity.station_name,
            protocol_name=identity.protocol_name,
            quality=quality,
            study_id=identity.study.study_id,
            study_description=identity.study.study_description,
            accession_number=identity.study.accession_number,
            referring_physician_name=identity.study.referring_physician_name,
            conditions=identity.conditions,
            replaces=identity.replaces,
            override=identity.override,
            order=identity.order,
            lossy=LossyCompression() if identity.lossy else None,
        )
        if jpeg is not None:
            with contextlib.suppress(BadImage):
                return build_photo_from_jpeg(description, jpeg)
        return build_photo(description, srgb)

    def segmentation(
        self, identity: Identity, photo: Dataset, layers: Layers, skin: Skin, *, skin_by: str = ""
    ) -> Dataset:
        """The masks: facial skin, then every finding. `skin_by` is the model of the skin, as name/version."""
        return build_segmentation(
            photo,
            [
                _skin_segment(identity, layers, skin_by or f"{COLOUR_SKIN}/1"),
                *(_segment(identity, finding) for finding in skin.findings),
            ],
            series_instance_uid=derived_uid(identity.series_instance_uid, "SEG", self._version),
            sop_instance_uid=derived_uid(identity.sop_instance_uid, "SEG", self._version),
            series_number=_SEGMENTATION_SERIES + identity.series_number,
            instance_number=identity.instance_number,
            equipment=self._equipment,
            made_at=datetime.now(UTC),
        )

    def report(
        self,
        identity: Identity,
        photo: Dataset,
        segmentation: Dataset,
        skin: Skin,
        quality: QualityReport | None,
    ) -> Dataset:
        """The measures, joined to the masks by their tracking UIDs."""
        return build_report(
            photo,
            segmentation,
            skin.measures,
            [_reported(identity, finding) for finding in skin.findings],
            series_instance_uid=derived_uid(identity.series_instance_uid, "SR", self._version),
            sop_instance_uid=derived_uid(identity.sop_instance_uid, "SR", self._version),
            series_number=_REPORT_SERIES + identity.series_number,
            instance_number=identity.instance_number,
            equipment=self._equipment,
            made_at=datetime.now(UTC),
            quality=quality,
            models=self.models,
            notices=(NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS),
        )


def _version(models: Sequence[ModelInfo]) -> str:
    digest = hashlib.sha256(ANALYSIS.encode())
    for model in sorted(models, key=lambda one: one.name):
        digest.update(f"{model.name}/{model.version}/{model.sha256}".encode())
    return digest.hexdigest()[:16]


def _skin_segment(identity: Identity, layers: Layers, method: str) -> Segment:
    algorithm, _, version = method.partition("/")
    return Segment(
        label="Facial skin",
        kind="skin",
        mask=layers[Layer.SKIN].pixels > 0,
        algorithm=algorithm,
        version=version,
        tracking_id="face",
        tracking_uid=derived_uid(identity.study_instance_uid, identity.header.view.value, "face"),
    )


def _segment(identity: Identity, finding: Finding) -> Segment:
    algorithm, _, version = finding.method.partition("/")
    return Segment(
        label=finding.label,
        kind=finding.kind,
        mask=np.asarray(finding.mask),
        algorithm=algorithm,
        version=version,
        tracking_id=finding.tracking_id,
        tracking_uid=_tracking_uid(identity, finding),
        region=finding.region,
    )


def _reported(identity: Identity, finding: Finding) -> ReportedFinding:
    return ReportedFinding(
        kind=finding.kind,
        region=finding.region,
        tracking_id=finding.tracking_id,
        tracking_uid=_tracking_uid(identity, finding),
        measures=finding.measures,
    )


def _tracking_uid(identity: Identity, finding: Finding) -> str:
    return derived_uid(identity.study_instance_uid, identity.header.view.value, finding.tracking_id)
