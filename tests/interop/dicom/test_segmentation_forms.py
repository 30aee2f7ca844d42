"""Heat maps and label maps before dicom3tools, and back through highdicom bit for bit."""

from dataclasses import replace
from pathlib import Path

import highdicom as hd
import msgspec
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from server.dicom import (
    LABEL_MAP_SEGMENTATION_STORAGE,
    Form,
    Making,
    Segment,
    build_photo,
    build_report,
    build_segmentation,
    transcoded,
    write,
)
from station.protocol import derived_uid
from tests.fixtures.dicom_objects import (
    HEIGHT,
    MADE_AT,
    SERVER,
    WIDTH,
    description,
    disc,
    header,
    measures,
    overlapping_segments,
    picture,
    segment,
    spot,
)
from tests.fixtures.dicom_validators import assert_valid, dump_report

pytestmark = pytest.mark.interop


def photo(*, calibrated: bool = True, width: int = WIDTH, height: int = HEIGHT) -> Dataset:
    frame = msgspec.structs.replace(header(calibrated=calibrated), width=width, height=height)
    return build_photo(replace(description(), header=frame), picture(width=width, height=height))


def built(source: Dataset, segments: list[Segment], form: Form) -> Dataset:
    return build_segmentation(
        source,
        segments,
        form=form,
        making=Making(
            series_instance_uid=derived_uid("series", form),
            sop_instance_uid=derived_uid("masks", form),
            series_number=100,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )


def heat(seed: int) -> NDArray[np.uint8]:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.asarray(rows * columns // (40 + seed) % 256, np.uint8)


def heat_maps() -> list[Segment]:
    empty = np.zeros((HEIGHT, WIDTH), np.uint8)
    return [segment("acne", heat(0)), segment("severity", heat(9)), segment("condition_dryness", empty)]


@pytest.mark.parametrize("calibrated", [True, False])
def test_heat_maps_come_back_bit_for_bit(calibrated: bool, tmp_path: Path) -> None:
    source, maps = photo(calibrated=calibrated), heat_maps()
    made = built(source, maps, Form.FRACTIONAL)
    for name, one in (("photo", source), ("heat", made)):
        write(one, tmp_path / f"{name}.dcm")
    assert_valid([tmp_path / "photo.dcm", tmp_path / "heat.dcm"])
    read = hd.seg.segread(tmp_path / "heat.dcm")
    assert read.file_meta.TransferSyntaxUID == RLELossless
    assert read.segmentation_fractional_type is hd.seg.SegmentationFractionalTypeValues.PROBABILITY
    frames = read.get_pixels_by_source_instance([source.SOPInstanceUID], rescale_fractional=False)
    for number, given in enumerate(maps):
        assert np.array_equal(frames[0, ..., number], given.mask)


def test_heat_maps_are_the_same_without_compression(tmp_path: Path) -> None:
    source, maps = photo(), heat_maps()
    write(transcoded(built(source, maps, Form.FRACTIONAL), ExplicitVRLittleEndian), tmp_path / "heat.dcm")
    assert_valid([tmp_path / "heat.dcm"])
    read = hd.seg.segread(tmp_path / "heat.dcm")
    frames = read.get_pixels_by_source_instance([source.SOPInstanceUID], rescale_fractional=False)
    assert np.array_equal(frames[0, ..., 1], maps[1].mask)


def test_a_report_joins_heat_maps_by_tracking_uid_and_masks_before_them(tmp_path: Path) -> None:
    source = photo()
    heat_map = built(source, [*heat_maps(), segment("pigment_spot", heat(3))], Form.FRACTIONAL)
    masks = built(source, overlapping_segments(), Form.BINARY)
    acne = replace(spot(), kind="acne", tracking_id="acne", tracking_uid=derived_uid("track", "acne"))
    report = build_report(
        source,
        masks,
        measures(),
        (acne, spot()),
        making=Making(
            series_instance_uid=derived_uid("reports"),
            sop_instance_uid=derived_uid("report"),
            series_number=200,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
        heat_maps=heat_map,
        region_uid=lambda region: derived_uid("person", region),
    )
    for name, one in {"photo": source, "seg": masks, "heat": heat_map, "sr": report}.items():
        write(one, tmp_path / f"{name}.dcm")
    assert_valid(sorted(tmp_path.glob("*.dcm")))
    dump_report(tmp_path / "sr.dcm")
    content = hd.sr.srread(tmp_path / "sr.dcm").content
    assert isinstance(content, hd.sr.MeasurementReport)
    held = {
        group.tracking_identifier: group.referenced_segmentation_frame
        for group in content.get_planar_roi_measurement_groups()
    }
    of = {name: one.referenced_sop_instance_uid for name, one in held.items() if one is not None}
    assert of == {
        "acne": heat_map.SOPInstanceUID,
        "skin": masks.SOPInstanceUID,
        "pigment_spot": masks.SOPInstanceUID,
    }
    whole = {one.tracking_identifier: one.tracking_uid for one in content.get_image_measurement_groups()}
    assert whole["right_cheek"] == derived_uid("person", "right_cheek")


def parts() -> list[Segment]:
    return [
        segment("left_cheek", disc(40, 60, 25), "left_cheek"),
        segment("forehead", np.zeros((HEIGHT, WIDTH), np.bool_), "forehead"),
        segment("right_cheek", disc(110, 60, 25), "right_cheek"),
    ]


def test_a_label_map_holds_what_a_label_map_must(tmp_path: Path) -> None:
    """dicom3tools of 2022 does not know the class: what it would check is checked here (PS3.3 section A.88, C.8.20)."""
    source, given = photo(), parts()
    write(built(source, given, Form.LABEL_MAP), tmp_path / "parts.dcm")
    made = pydicom.dcmread(tmp_path / "parts.dcm")
    assert made.SOPClassUID == LABEL_MAP_SEGMENTATION_STORAGE
    assert made.Modality == "SEG"
    assert made.SegmentationType == "LABELMAP"
    assert made.PhotometricInterpretation == "MONOCHROME2"
    assert (made.BitsAllocated, made.BitsStored, made.HighBit, made.NumberOfFrames) == (8, 8, 7, 1)
    assert made.SegmentsOverlap == "NO"
    assert made.PixelPaddingValue == 0
    assert made.LossyImageCompression == "00"
    numbers = [item.SegmentNumber for item in made.SegmentSequence]
    assert numbers == [0, 1, 2, 3]
    assert [item.SegmentLabel for item in made.SegmentSequence[1:]] == [one.label for one in given]
    assert [item.TrackingUID for item in made.SegmentSequence[1:]] == [one.tracking_uid for one in given]
    (frame,) = made.PerFrameFunctionalGroupsSequence
    (from_photo,) = frame.DerivationImageSequence[0].SourceImageSequence
    assert from_photo.ReferencedSOPInstanceUID == source.SOPInstanceUID
    assert made.StudyInstanceUID == source.StudyInstanceUID
    assert made.PatientID == source.PatientID


def test_a_label_map_comes_back_bit_for_bit(tmp_path: Path) -> None:
    source, given = photo(), parts()
    write(built(source, given, Form.LABEL_MAP), tmp_path / "parts.dcm")
    read = hd.seg.segread(tmp_path / "parts.dcm")
    frames = read.get_pixels_by_source_instance([source.SOPInstanceUID], segment_numbers=[1, 2, 3])
    for number, one in enumerate(given):
        assert np.array_equal(frames[0, ..., number] != 0, one.mask != 0)


def test_a_label_map_of_what_overlaps_is_refused() -> None:
    with pytest.raises(ValueError, match="'redness' overlaps another segment"):
        built(photo(), overlapping_segments(), Form.LABEL_MAP)


@pytest.mark.parametrize("size", [(33, 17), (8, 1), (20, 12), (161, 119)])
def test_masks_of_any_size_come_back(size: tuple[int, int], tmp_path: Path) -> None:
    width, height = size
    source = photo(width=width, height=height)
    rng = np.random.default_rng(0)
    given = [segment(str(n), rng.integers(0, 2, (height, width)).astype(np.uint8)) for n in range(3)]
    write(built(source, given, Form.BINARY), tmp_path / "seg.dcm")
    assert_valid([tmp_path / "seg.dcm"])
    read = hd.seg.segread(tmp_path / "seg.dcm").get_pixels_by_source_instance([source.SOPInstanceUID])
    for number, one in enumerate(given):
        assert np.array_equal(read[0, ..., number], one.mask)


@pytest.mark.parametrize("form", [Form.BINARY, Form.FRACTIONAL])
def test_what_highdicom_would_make_itself_differs_in_nothing_but_what_is_mended(form: Form) -> None:
    source = photo()
    given = overlapping_segments() if form is Form.BINARY else heat_maps()
    made = built(source, given, form)
    frames = np.stack([one.mask != 0 if form is Form.BINARY else one.mask / 255 for one in given], -1)[None]
    theirs = hd.seg.Segmentation(
        [source],
        frames,
        form.value,
        [hd.seg.SegmentDescription.from_dataset(item) for item in made.SegmentSequence],
        series_instance_uid=made.SeriesInstanceUID,
        series_number=100,
        sop_instance_uid=made.SOPInstanceUID,
        instance_number=1,
        manufacturer="m",
        manufacturer_model_name="m",
        software_versions="1",
        device_serial_number="1",
        pixel_measures=hd.PixelMeasuresSequence((0.1, 0.1), 1.0),
        fractional_type="PROBABILITY",
        max_fractional_value=255,
        omit_empty_frames=False,
        transfer_syntax_uid=ExplicitVRLittleEndian,
    )
    assert {made[tag].keyword for tag in set(made.keys()) - set(theirs.keys())} == {
        "CodingSchemeIdentificationSequence",
        "PatientOrientation",
        "SeriesDate",
        "SeriesDescription",
        "SeriesTime",
        "TimezoneOffsetFromUTC",
    }
    assert set(theirs.keys()) <= set(made.keys())
    plain = made if form is Form.BINARY else transcoded(made, ExplicitVRLittleEndian)
    assert plain.PixelData == theirs.PixelData
