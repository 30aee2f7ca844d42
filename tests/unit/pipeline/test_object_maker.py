"""What the pipeline puts into heat maps, label maps and overlays, and how they hang together."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import highdicom as hd
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from server.analysis import WHOLE_FACE, Finding, LayerMap, face_regions
from server.dicom import LABEL_MAP_SEGMENTATION_STORAGE, read_photo, write
from server.inference import ModelInfo
from server.pipeline import Examination, Identity, ObjectMaker, Tracking
from server.pipeline.examination import as_layers
from server.pipeline.heat import HEAT, heat_maps
from server.pipeline.marked import marked_findings
from server.pipeline.objects import NOT_FOR_DIAGNOSIS, OVERLAY_SIDE
from station.protocol import Box, Face, FrameHeader, Layer, Light, Measure, Patient, View, new_uid

pytestmark = pytest.mark.unit

HEIGHT, WIDTH = 320, 256
HEADER = FrameHeader(
    frame_id=1, width=WIDTH, height=HEIGHT, light=Light.WHITE, view=View.FRONT, captured_at=1.7e9
)
FACE = Face(box=Box(40, 40, 180, 220), source="detected")
MODELS = (ModelInfo(name="acne_severity", version=3, sha256="a" * 64),)
PERSON = Patient(patient_id="P-1", patient_name="Doe^Jane")


def identity(header: FrameHeader = HEADER) -> Identity:
    return Identity(
        patient=PERSON,
        study_instance_uid=new_uid(),
        series_instance_uid=new_uid(),
        sop_instance_uid=new_uid(),
        series_number=1,
        instance_number=1,
        header=header,
        study_at=datetime(2025, 3, 1, tzinfo=UTC),
    )


def skin_mask() -> NDArray[np.uint8]:
    skin = np.zeros((HEIGHT, WIDTH), np.uint8)
    skin[20:300, 20:240] = 255
    return skin


def heat() -> NDArray[np.uint8]:
    return np.asarray(np.mgrid[:HEIGHT, :WIDTH][0] % 256, np.uint8)


def told(name: str, value: float | None = 0.5, region: str = WHOLE_FACE) -> Measure:
    reason = "" if value is not None else "none"
    return Measure(region=region, name=name, value=value, unit="1", method="acne_severity/3", reason=reason)


def layers(*shown: Layer) -> dict[Layer, LayerMap]:
    return as_layers({Layer.SKIN: skin_mask(), **dict.fromkeys(shown, heat())})


@pytest.fixture
def maker(tmp_path: Path) -> ObjectMaker:
    return ObjectMaker(MODELS, "test", Tracking.open(tmp_path / "keys"))


@pytest.fixture
def whose() -> Identity:
    return identity()


@pytest.fixture
def photo(maker: ObjectMaker, whose: Identity) -> Dataset:
    return maker.photo(whose, np.full((HEIGHT, WIDTH, 3), 150, np.uint8), None)


def test_every_heat_map_of_a_trained_model_has_a_kind() -> None:
    trained = {Layer.SEVERITY, Layer.ACNE, Layer.SPOTS, Layer.TROUBLE, Layer.WRINKLES, Layer.PORES}
    trained |= {layer for layer in Layer if layer.value.startswith("condition_")}
    assert {kind.layer for kind in HEAT} == trained


def test_a_layer_without_a_measure_of_its_model_is_no_heat_map() -> None:
    measures = (told("acne_severity"), told("acne_probability", None), told("condition_dryness", 0.9, "nose"))
    found = heat_maps(layers(Layer.SEVERITY, Layer.ACNE, Layer.CONDITION_DRYNESS), measures, HEADER)
    assert [one.kind.layer for one in found] == [Layer.SEVERITY]
    assert heat_maps(layers(Layer.MELANIN), measures, HEADER) == ()


def test_heat_maps_masks_and_report_are_joined_by_tracking_uids(
    maker: ObjectMaker, whose: Identity, photo: Dataset, tmp_path: Path
) -> None:
    header = msgspec.structs.replace(HEADER, light=Light.PARALLEL_POLARISED)
    whose = replace(whose, header=header)
    measures = (
        told("acne_severity"),
        told("acne_severity_p1"),
        told("spots_area"),
        told("melanin", 1.0, "nose"),
    )
    shown = layers(Layer.SEVERITY, Layer.SPOTS)
    skin = Examination(measures, marked_findings(shown, measures, header))
    found = heat_maps(shown, measures, header)
    masks = maker.segmentation(whose, photo, shown, skin)
    heated = maker.heat_maps(whose, photo, found)
    report = maker.report(whose, photo, masks, skin, None, heat=(heated, found))
    by_label = {one.SegmentLabel: one.TrackingUID for one in masks.SegmentSequence}
    heat_by_label = {one.SegmentLabel: one.TrackingUID for one in heated.SegmentSequence}
    assert heat_by_label["Pigment spots, by model"] == by_label["Pigment spots, by model"]
    write(report, tmp_path / "report.dcm")
    content = hd.sr.srread(tmp_path / "report.dcm").content
    assert isinstance(content, hd.sr.MeasurementReport)
    groups = {
        group.tracking_uid: frame.referenced_sop_instance_uid
        for group in content.get_planar_roi_measurement_groups()
        if (frame := group.referenced_segmentation_frame) is not None
    }
    assert groups == {
        by_label["Facial skin"]: masks.SOPInstanceUID,
        by_label["Pigment spots, by model"]: masks.SOPInstanceUID,
        heat_by_label["Severity of acne"]: heated.SOPInstanceUID,
    }


def test_regions_and_findings_keep_their_tracking_uids_in_the_next_visit(maker: ObjectMaker) -> None:
    uids = []
    for visit in (identity(), identity()):
        photo = maker.photo(visit, np.full((HEIGHT, WIDTH, 3), 150, np.uint8), None)
        measures = (told("acne_severity"), told("spots_area"))
        shown = layers(Layer.SEVERITY, Layer.SPOTS)
        skin = Examination(measures, marked_findings(shown, measures, HEADER))
        masks = maker.segmentation(visit, photo, shown, skin)
        heated = maker.heat_maps(visit, photo, heat_maps(shown, measures, HEADER))
        uids.append([one.TrackingUID for made in (masks, heated) for one in made.SegmentSequence])
        assert "P-1" not in str(uids)
    assert uids[0] == uids[1]


def test_parts_of_a_face_do_not_overlap(maker: ObjectMaker, whose: Identity, photo: Dataset) -> None:
    regions = face_regions(FACE, skin_mask(), (HEIGHT, WIDTH))
    parts = maker.parts(whose, photo, regions)
    assert parts.SOPClassUID == LABEL_MAP_SEGMENTATION_STORAGE
    labels = [item.SegmentLabel for item in parts.SegmentSequence[1:]]
    assert labels == ["Forehead", "Left cheek", "Right cheek", "Nose", "Chin"]


def a_finding() -> Finding:
    mask = np.zeros((HEIGHT, WIDTH), np.bool_)
    mask[100:140, 100:140] = True
    return Finding(
        label="Red areas",
        kind="redness",
        region=WHOLE_FACE,
        layer=Layer.REDNESS,
        mask=mask,
        measures=(),
        tracking_id="redness/front/white/face",
        method="red_areas/1",
    )


def test_the_overlay_is_the_photo_with_lines_and_a_legend(
    maker: ObjectMaker, whose: Identity, photo: Dataset, tmp_path: Path
) -> None:
    srgb = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    overlay = maker.overlay(whose, photo, srgb, skin_mask(), (a_finding(),))
    write(overlay, tmp_path / "overlay.dcm")
    drawn = read_photo(tmp_path / "overlay.dcm").srgb
    assert drawn.shape[0] > HEIGHT
    assert drawn.shape[1] == WIDTH
    red, _, blue = drawn[100, 120].astype(int)
    assert red > blue + 60
    assert np.abs(drawn[60, 60].astype(int) - 150).max() < 8
    assert overlay.ImageComments == NOT_FOR_DIAGNOSIS
    assert "Doe" not in overlay.DerivationDescription


def test_a_large_overlay_is_reduced(maker: ObjectMaker) -> None:
    header = msgspec.structs.replace(HEADER, width=2 * OVERLAY_SIDE, height=400)
    whose = identity(header)
    srgb = np.full((400, 2 * OVERLAY_SIDE, 3), 150, np.uint8)
    overlay = maker.overlay(whose, maker.photo(whose, srgb, None), srgb, srgb[..., 0] * 0, ())
    assert overlay.Columns == OVERLAY_SIDE


def test_the_institution_stands_in_photo_and_overlay(whose: Identity) -> None:
    srgb = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    maker = ObjectMaker(MODELS, "test", institution_name="Clinic")
    photo = maker.photo(whose, srgb, None)
    assert photo.InstitutionName == "Clinic"
    assert maker.overlay(whose, photo, srgb, skin_mask(), ()).InstitutionName == "Clinic"
