"""The DICOM objects of one examined picture: photo, masks, heat maps, parts, structured report, overlay."""

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import cv2
from pydicom.dataset import Dataset

from server.analysis import Finding
from server.dicom import (
    NO_CLINICAL_VALIDATION,
    REFERENCE_WEIGHTS,
    Equipment,
    Form,
    LossyCompression,
    Making,
    Model,
    PhotoDescription,
    StudyWords,
    build_derived_photo,
    build_photo,
    build_photo_from_jpeg,
    build_report,
    build_segmentation,
    segment_kind,
)
from server.errors import BadImage
from server.inference import ModelInfo
from server.overlay import Mark, annotated
from server.pipeline.examination import Examination, Layers, Srgb
from server.pipeline.heat import HeatMap
from server.pipeline.segments import (
    Mask,
    finding_segment,
    heat_segment,
    part_segments,
    reported_finding,
    reported_heat,
    skin_segment,
)
from server.pipeline.tracking import Tracking
from station.protocol import (
    BodySite,
    Conditions,
    FrameHeader,
    Layer,
    Order,
    Patient,
    QualityReport,
    derived_uid,
)

ANALYSIS = "2"
"""Version of what is measured beside the models; raise it when the same picture gives other results."""

COLOUR_SKIN = "face_layers_still"
"""The model whose mask is the facial skin of a still that the segmenter has none for."""
OBJECTS = "2"
"""Version of what the objects say; raise it when the same results give other objects."""
NOT_FOR_DIAGNOSIS = "Phantom-trained reference weights; not for diagnosis"
OVERLAY_SIDE = 2400
"""Longer side of the overlay at most, px."""
_OVERLAY_QUALITY = 90
_SEGMENTATION_SERIES = 1000
_REPORT_SERIES = 2000
_OVERLAY_SERIES = 3000
_HEAT_SERIES = 4000
_PARTS_SERIES = 5000


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
    site: BodySite | None = None


class ObjectMaker:
    """Makes the objects; their UIDs follow from the picture's UID and the versions of models and analysis.

    `tracking` gives regions and findings their identifiers; `institution_name` stands in the photos.
    """

    def __init__(
        self,
        models: Sequence[ModelInfo],
        software: str,
        tracking: Tracking = Tracking(),  # noqa: B008
        *,
        institution_name: str = "",
    ) -> None:
        self._tracking = tracking
        self._institution_name = institution_name
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
        description = self._described(identity, quality)
        if jpeg is not None:
            with contextlib.suppress(BadImage):
                return build_photo_from_jpeg(description, jpeg)
        return build_photo(description, srgb)

    def _described(self, identity: Identity, quality: QualityReport | None) -> PhotoDescription:
        at = identity.header.captured_at
        taken = datetime.fromtimestamp(at, UTC) if at > 0 else identity.study_at
        return PhotoDescription(
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
            institution_name=self._institution_name,
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
            site=identity.site,
            lossy=LossyCompression() if identity.lossy else None,
        )

    def segmentation(
        self,
        identity: Identity,
        photo: Dataset,
        layers: Layers,
        examination: Examination,
        *,
        skin_by: str = "",
    ) -> Dataset:
        """The masks: facial skin, then every finding. `skin_by` is the model of the skin, as name/version."""
        uid_of = self._uid_of(identity)
        return build_segmentation(
            photo,
            [
                skin_segment(layers[Layer.SKIN].pixels, skin_by or f"{COLOUR_SKIN}/1", uid_of),
                *(finding_segment(one, uid_of) for one in examination.findings),
            ],
            making=self._making(identity, "SEG", _SEGMENTATION_SERIES),
        )

    def heat_maps(self, identity: Identity, photo: Dataset, found: Sequence[HeatMap]) -> Dataset:
        """The heat maps of the models, at least one."""
        return build_segmentation(
            photo,
            [heat_segment(one, self._uid_of(identity)) for one in found],
            form=Form.FRACTIONAL,
            making=self._making(identity, "HEAT", _HEAT_SERIES),
        )

    def parts(self, identity: Identity, photo: Dataset, regions: Mapping[str, Mask]) -> Dataset:
        """The regions of the face that do not overlap an earlier one, as a label map."""
        return build_segmentation(
            photo,
            part_segments(regions, ANALYSIS, self._uid_of(identity)),
            form=Form.LABEL_MAP,
            making=self._making(identity, "PARTS", _PARTS_SERIES),
        )

    def overlay(
        self, identity: Identity, photo: Dataset, srgb: Srgb, skin: Srgb, found: Sequence[Finding]
    ) -> Dataset:
        """The picture with its findings drawn on it and named below."""
        marks = [Mark(one.label, segment_kind(one.kind).colour, one.mask) for one in found]
        lines = [str(photo.SeriesDescription), f"{NOT_FOR_DIAGNOSIS}."]
        drawn, scale = annotated(srgb, skin, marks, lines, side=OVERLAY_SIDE)
        return build_derived_photo(
            photo,
            _jpeg(drawn),
            scale=scale,
            derivation="Outlines of skin and findings drawn on the photograph, a legend below it",
            comments=NOT_FOR_DIAGNOSIS,
            making=self._making(identity, "OVERLAY", _OVERLAY_SERIES),
        )

    def report(
        self,
        identity: Identity,
        photo: Dataset,
        segmentation: Dataset,
        examination: Examination,
        quality: QualityReport | None,
        *,
        heat: tuple[Dataset, Sequence[HeatMap]] | None = None,
    ) -> Dataset:
        """The measures, joined to masks and heat maps by their tracking UIDs."""
        uid_of = self._uid_of(identity)
        seen = [one for one in heat[1] if one.kind.own] if heat is not None else []
        return build_report(
            photo,
            segmentation,
            examination.measures,
            [
                *(reported_finding(one, uid_of) for one in examination.findings),
                *(reported_heat(one, uid_of) for one in seen),
            ],
            quality=quality,
            models=self.models,
            notices=(NO_CLINICAL_VALIDATION, REFERENCE_WEIGHTS),
            heat_maps=None if heat is None else heat[0],
            region_uid=uid_of,
            making=self._making(identity, "SR", _REPORT_SERIES),
        )

    def _making(self, identity: Identity, word: str, series: int) -> Making:
        """Of the object of this name that comes of a picture; `series` is the number that its series count from."""
        return Making(
            series_instance_uid=derived_uid(identity.series_instance_uid, word, self._version),
            sop_instance_uid=derived_uid(identity.sop_instance_uid, word, self._version),
            series_number=series + identity.series_number,
            instance_number=identity.instance_number,
            equipment=self._equipment,
            made_at=datetime.now(UTC),
        )

    def _uid_of(self, identity: Identity) -> Callable[[str], str]:
        """Gives the tracking UID of a region or finding of a picture."""
        study, view = identity.study_instance_uid, identity.header.view
        return partial(self._tracking.uid, identity.patient, study, view)


def _version(models: Sequence[ModelInfo]) -> str:
    digest = hashlib.sha256(f"{ANALYSIS}/{OBJECTS}".encode())
    for model in sorted(models, key=lambda one: one.name):
        digest.update(f"{model.name}/{model.version}/{model.sha256}".encode())
    return digest.hexdigest()[:16]


def _jpeg(picture: Srgb) -> bytes:
    """Baseline, with half the colour resolution across."""
    settings = [cv2.IMWRITE_JPEG_QUALITY, _OVERLAY_QUALITY]
    settings += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422]
    ok, data = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings)
    assert ok
    return data.tobytes()
