"""Every kind of object before dicom3tools and dcmtk, and back through highdicom."""

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from server.dicom import (
    Making,
    Model,
    Segment,
    build_photo,
    build_photo_from_jpeg,
    build_report,
    build_segmentation,
    write,
)
from station.protocol import Conditions, Light, Patient, View, derived_uid
from tests.fixtures.dicom_objects import (
    HEIGHT,
    MADE_AT,
    QUALITY,
    SERVER,
    WIDTH,
    description,
    header,
    measures,
    overlapping_segments,
    picture,
    segment,
    spot,
)
from tests.fixtures.dicom_pictures import jpeg
from tests.fixtures.dicom_validators import assert_valid, decoded_by_dcmtk, dump_report

pytestmark = pytest.mark.interop

MODELS = (Model(name="chromophores", version="3", sha256="ab" * 32),)


def segmentation_of(photo: Dataset, segments: list[Segment], **more: object) -> Dataset:
    return build_segmentation(
        photo,
        segments,
        making=Making(
            series_instance_uid=derived_uid(photo.SeriesInstanceUID, "seg"),
            sop_instance_uid=derived_uid(photo.SOPInstanceUID, "seg", *more),
            series_number=100,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
        **more,  # type: ignore[arg-type]
    )


def report_of(
    photo: Dataset, segmentation: Dataset | None, *, empty: bool = False, **more: object
) -> Dataset:
    return build_report(
        photo,
        segmentation,
        () if empty else measures(),
        () if empty else (spot(),),
        making=Making(
            series_instance_uid=derived_uid(photo.SeriesInstanceUID, "sr"),
            sop_instance_uid=derived_uid(photo.SOPInstanceUID, "sr", *more),
            series_number=200,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
        quality=None if empty else QUALITY,
        models=() if empty else MODELS,
        **more,  # type: ignore[arg-type]
    )


def content_of(path: Path) -> hd.sr.MeasurementReport:
    content = hd.sr.srread(path).content
    assert isinstance(content, hd.sr.MeasurementReport)
    return content


@pytest.mark.parametrize("light", list(Light))
@pytest.mark.parametrize("calibrated", [True, False])
def test_photos_of_every_light_are_valid(light: Light, calibrated: bool, tmp_path: Path) -> None:
    photo = build_photo(description(header(light, calibrated=calibrated)), picture())
    write(photo, tmp_path / "photo.dcm")
    assert_valid([tmp_path / "photo.dcm"])


@pytest.mark.parametrize("view", list(View))
def test_photos_of_every_view_are_valid(view: View, tmp_path: Path) -> None:
    write(build_photo(description(header(view=view)), picture()), tmp_path / "photo.dcm")
    assert_valid([tmp_path / "photo.dcm"])


def test_a_photo_taken_again_under_told_conditions_is_valid(tmp_path: Path) -> None:
    told = Conditions(acclimatised_min=15, room_c=21.5, humidity_pct=44, products="crème, 8 h before")
    given = replace(description(), conditions=told, replaces="2.25.7", override="cannot turn the head")
    write(build_photo(given, picture()), tmp_path / "photo.dcm")
    assert_valid([tmp_path / "photo.dcm"])


def test_a_visit_of_nobody_with_an_unknown_camera_is_valid(tmp_path: Path) -> None:
    unknown = description(
        header(Light.UNCONTROLLED, View.UNSPECIFIED, calibrated=False, known=False),
        patient=Patient(),
        quality=None,
        accession_number="",
    )
    photo = build_photo(unknown, picture())
    segmentation = segmentation_of(photo, [segment("skin", np.zeros((HEIGHT, WIDTH), np.bool_))])
    files = {"photo": photo, "seg": segmentation, "report": report_of(photo, segmentation)}
    for name, built in files.items():
        write(built, tmp_path / f"{name}.dcm")
    assert_valid(tmp_path / f"{name}.dcm" for name in files)


def test_the_objects_of_a_visit_agree(tmp_path: Path) -> None:
    for light in (Light.WHITE, Light.CROSS_POLARISED):
        photo = build_photo(description(header(light)), picture())
        segmentation = segmentation_of(photo, overlapping_segments())
        for name, built in (("photo", photo), ("seg", segmentation), ("sr", report_of(photo, segmentation))):
            write(built, tmp_path / f"{light}-{name}.dcm")
    assert_valid(sorted(tmp_path.glob("*.dcm")))


@pytest.mark.parametrize("subsampling", [1, 2])
def test_a_camera_jpeg_is_valid(tmp_path: Path, subsampling: int) -> None:
    data = jpeg(picture(), subsampling=subsampling)
    write(build_photo_from_jpeg(description(), data), tmp_path / "photo.dcm")
    assert_valid([tmp_path / "photo.dcm"])


def test_new_results_name_those_they_replace(tmp_path: Path) -> None:
    photo = build_photo(description(), picture())
    old = segmentation_of(photo, overlapping_segments())
    new = segmentation_of(photo, overlapping_segments(), replaces=old)
    old_report = report_of(photo, old)
    new_report = report_of(photo, new, replaces=old_report)
    for name, built in (("photo", photo), ("seg", new), ("sr", new_report)):
        write(built, tmp_path / f"{name}.dcm")
    assert_valid(sorted(tmp_path.glob("*.dcm")))
    assert new.ReferencedInstanceSequence[0].ReferencedSOPInstanceUID == old.SOPInstanceUID
    (study,) = new_report.PredecessorDocumentsSequence
    reference = study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0]
    assert reference.ReferencedSOPInstanceUID == old_report.SOPInstanceUID


@pytest.mark.parametrize("seed", range(3))
def test_dcmtk_decodes_the_archived_pixels_bit_for_bit(seed: int, tmp_path: Path) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    pixels = (picture(seed), noise, np.full_like(noise, 255))[seed]
    write(build_photo(description(), pixels), tmp_path / "photo.dcm")
    assert decoded_by_dcmtk(tmp_path / "photo.dcm", tmp_path)[: pixels.nbytes] == pixels.tobytes()


@pytest.mark.parametrize("calibrated", [True, False])
def test_segments_come_back_bit_for_bit(calibrated: bool, tmp_path: Path) -> None:
    photo = build_photo(description(header(calibrated=calibrated)), picture())
    segments = overlapping_segments()
    write(segmentation_of(photo, segments), tmp_path / "seg.dcm")
    read = hd.seg.segread(tmp_path / "seg.dcm")
    frames = read.get_pixels_by_source_instance([photo.SOPInstanceUID])
    assert frames.shape == (1, HEIGHT, WIDTH, len(segments))
    for number, given in enumerate(segments):
        assert np.array_equal(frames[0, :, :, number] != 0, given.mask != 0)


def test_segments_that_are_all_empty_come_back_empty(tmp_path: Path) -> None:
    photo = build_photo(description(), picture())
    empty = [segment(kind, np.zeros((HEIGHT, WIDTH), np.uint8)) for kind in ("skin", "redness")]
    write(segmentation_of(photo, empty), tmp_path / "seg.dcm")
    assert_valid([tmp_path / "seg.dcm"])
    read = hd.seg.segread(tmp_path / "seg.dcm")
    assert not read.get_pixels_by_source_instance([photo.SOPInstanceUID]).any()


def test_reports_join_their_segments_by_tracking_uid(tmp_path: Path) -> None:
    photo = build_photo(description(), picture())
    segmentation = segmentation_of(photo, overlapping_segments())
    write(report_of(photo, segmentation), tmp_path / "sr.dcm")
    groups = content_of(tmp_path / "sr.dcm").get_planar_roi_measurement_groups()
    tracked = {item.TrackingUID: item.SegmentNumber for item in segmentation.SegmentSequence}
    assert {group.tracking_identifier for group in groups} == {"skin", "pigment_spot"}
    for group in groups:
        (reference,) = [
            item.ReferencedSOPSequence[0]
            for item in group[0].ContentSequence
            if "ReferencedSegmentNumber" in item.get("ReferencedSOPSequence", [Dataset()])[0]
        ]
        assert reference.ReferencedSOPInstanceUID == segmentation.SOPInstanceUID
        assert reference.ReferencedSegmentNumber == tracked[group.tracking_uid]


def test_reports_give_their_numbers_back_exactly(tmp_path: Path) -> None:
    photo = build_photo(description(), picture())
    write(report_of(photo, None), tmp_path / "sr.dcm")
    assert_valid([tmp_path / "sr.dcm"])
    groups = content_of(tmp_path / "sr.dcm").get_image_measurement_groups()
    by_name = {group.tracking_identifier: group for group in groups}
    assert set(by_name) == {"picture quality", "skin", "right_cheek", "pigment_spot"}
    melanin = by_name["skin"].get_measurements(Code("MELANIN_INDEX", "99DERMABOOTH", "Melanin index"))
    assert [item.value for item in melanin] == [0.1 + 0.2]
    assert by_name["right_cheek"].finding_sites[0].value.meaning == "Skin of cheek"


def test_dsrdump_shows_reasons_hashes_verdict_and_notice(tmp_path: Path) -> None:
    photo = build_photo(description(), picture())
    segmentation = segmentation_of(photo, overlapping_segments())
    write(report_of(photo, segmentation), tmp_path / "sr.dcm")
    text = dump_report(tmp_path / "sr.dcm")
    assert "pores_per_area: 1.8 px/mm, needs 20" in text
    assert "sha256=" + "ab" * 32 in text
    assert "Usable - Does not meet the quality control standard" in text
    assert "not a medical device" in text
    assert "UNVERIFIED" in text


def test_a_report_without_any_measure_is_valid(tmp_path: Path) -> None:
    photo = build_photo(description(), picture())
    write(report_of(photo, None, empty=True), tmp_path / "sr.dcm")
    assert_valid([tmp_path / "sr.dcm"])
    assert "Quality could not be told" in dump_report(tmp_path / "sr.dcm")


def test_long_names_stay_within_their_attributes(tmp_path: Path) -> None:
    long = replace(
        segment("skin", np.ones((HEIGHT, WIDTH), np.bool_)), label="x" * 300, tracking_id="y" * 300
    )
    photo = build_photo(replace(description(), station_name="s" * 40), picture())
    write(photo, tmp_path / "photo.dcm")
    write(segmentation_of(photo, [long]), tmp_path / "seg.dcm")
    assert_valid(tmp_path / name for name in ("photo.dcm", "seg.dcm"))
    assert pydicom.dcmread(tmp_path / "seg.dcm").SegmentSequence[0].SegmentLabel == "x" * 64
