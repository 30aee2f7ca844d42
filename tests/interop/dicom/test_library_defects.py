"""Defects of libraries and tools that are worked round. A test that fails here says that one is mended: the workaround may go."""

import importlib.util
import io
import subprocess
import zlib
from pathlib import Path
from typing import Any

import highdicom as hd
import numpy as np
import pydicom
import pydicom.uid
import pytest
from highdicom.sr import CodedConcept
from PIL import ImageCms
from pydicom.dataset import Dataset
from pydicom.pixels.encoders.base import get_encoder
from pydicom.uid import UID, JPEGBaseline8Bit, RLELossless

from server.dicom import Form, Making, build_photo, build_segmentation, encoded, write
from server.dicom.attributes import file_meta
from station.protocol import derived_uid
from tests.fixtures.dicom_objects import (
    HEIGHT,
    MADE_AT,
    SERVER,
    WIDTH,
    description,
    disc,
    header,
    picture,
    segment,
)

pytestmark = pytest.mark.interop

MAKER: dict[str, Any] = {
    "series_instance_uid": "2.25.1",
    "series_number": 1,
    "sop_instance_uid": "2.25.2",
    "instance_number": 1,
    "manufacturer": "m",
    "manufacturer_model_name": "m",
    "software_versions": "1",
    "device_serial_number": "1",
}


def photo(*, calibrated: bool = False) -> Dataset:
    return build_photo(description(header(calibrated=calibrated)), picture())


def segmentation(source: Dataset, **more: Any) -> Dataset:
    described = hd.seg.SegmentDescription(
        1,
        "skin",
        CodedConcept("91723000", "SCT", "Anatomical Structure"),
        CodedConcept("39937001", "SCT", "Skin"),
        "AUTOMATIC",
        hd.AlgorithmIdentificationSequence("a", CodedConcept("123110", "DCM", "AI"), "1"),
    )
    mask = disc(80, 60, 30)[None, :, :, None].astype(np.uint8)
    made: Dataset = hd.seg.Segmentation([source], mask, "BINARY", [described], **{**MAKER, **more})
    return made


def dciodvfy(path: Path) -> tuple[int, str]:
    done = subprocess.run(["dciodvfy", path], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


def test_highdicom_leaves_out_the_patient_orientation(tmp_path: Path) -> None:
    write(segmentation(photo()), tmp_path / "seg.dcm")
    _, text = dciodvfy(tmp_path / "seg.dcm")
    assert "Error" in text
    assert "PatientOrientation" in text


def test_highdicom_cannot_read_back_the_pixel_measures_that_it_wrote(tmp_path: Path) -> None:
    write(segmentation(photo(calibrated=True)), tmp_path / "seg.dcm")
    with pytest.raises(AttributeError, match="Pixel Measures"):
        hd.seg.segread(tmp_path / "seg.dcm")


def test_highdicom_makes_other_bytes_each_time() -> None:
    source = photo()
    one, two = (segmentation(source).DimensionOrganizationSequence[0] for _ in range(2))
    assert one.DimensionOrganizationUID != two.DimensionOrganizationUID


def test_highdicom_does_not_compress_binary_masks() -> None:
    with pytest.raises((ValueError, KeyError)):
        segmentation(photo(), transfer_syntax_uid=RLELossless)


def test_highdicom_refers_to_segment_and_frame_at_once() -> None:
    source = photo()
    reference = hd.sr.ReferencedSegmentationFrame(
        pydicom.uid.SegmentationStorage,
        "2.25.2",
        1,
        1,
        hd.sr.SourceImageForSegmentation(source.SOPClassUID, source.SOPInstanceUID),
    )
    (item,) = reference[0].ReferencedSOPSequence
    assert "ReferencedSegmentNumber" in item
    assert "ReferencedFrameNumber" in item


@pytest.mark.filterwarnings("ignore:Arguments 'window_center'")
def test_highdicom_makes_no_parametric_map_of_a_photo() -> None:
    mapping = hd.pm.RealWorldValueMapping(
        "l",
        "e",
        CodedConcept("1", "UCUM", "no units"),
        (0.0, 1.0),
        lut_data=None,
        intercept=0.0,
        slope=1.0,
    )
    with pytest.raises((RuntimeError, AttributeError)):
        hd.pm.ParametricMap(
            [photo()],
            np.zeros((1, HEIGHT, WIDTH), np.float32),
            **MAKER,
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[mapping],
            window_center=0.5,
            window_width=1.0,
        )


def test_pillow_gives_srgb_as_a_display_profile_with_its_hour_of_birth() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert profile[12:16] == b"mntr"
    assert any(profile[24:36])


def test_pydicom_has_no_encoder_of_jpeg_baseline() -> None:
    with pytest.raises(NotImplementedError):
        get_encoder(JPEGBaseline8Bit)


def test_pydicom_has_no_name_for_label_maps() -> None:
    assert UID("1.2.840.10008.5.1.4.1.1.66.7").name == "1.2.840.10008.5.1.4.1.1.66.7"


def test_pydicom_inflates_without_a_limit() -> None:
    """64 MB out of a file of 64 kB; the doors refuse deflated data sets by their transfer syntax."""
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = pydicom.uid.RawDataStorage, "2.25.1"
    made.file_meta = file_meta(made, pydicom.uid.DeflatedExplicitVRLittleEndian)
    start = 144 + int.from_bytes(encoded(made)[140:144], "little")
    squeeze = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    body = squeeze.compress(b"\xe0\x7f\x10\x00OB\0\0" + (64 << 20).to_bytes(4, "little") + bytes(64 << 20))
    bomb = bytes(encoded(made)[:start]) + body + squeeze.flush()
    assert len(bomb) < 1 << 17
    assert len(pydicom.dcmread(io.BytesIO(bomb)).PixelData) == 64 << 20


def test_no_decoder_is_installed_that_believes_any_size() -> None:
    assert importlib.util.find_spec("libjpeg") is None


def test_dciodvfy_does_not_know_label_maps(tmp_path: Path) -> None:
    made = build_segmentation(
        photo(),
        [segment("forehead", disc(80, 60, 30), "forehead")],
        form=Form.LABEL_MAP,
        making=Making(
            series_instance_uid=derived_uid("series"),
            sop_instance_uid=derived_uid("parts"),
            series_number=2,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )
    write(made, tmp_path / "parts.dcm")
    assert "Information Object Not found" in dciodvfy(tmp_path / "parts.dcm")[1]


def test_dciodvfy_asks_dermoscopic_pictures_for_a_frame_of_reference(tmp_path: Path) -> None:
    made = photo()
    made.SOPClassUID, made.Modality = "1.2.840.10008.5.1.4.1.1.77.1.7", "DMS"
    made.file_meta = file_meta(made, made.file_meta.TransferSyntaxUID)
    write(made, tmp_path / "photo.dcm")
    _, text = dciodvfy(tmp_path / "photo.dcm")
    assert "FrameOfReferenceUID" in text
    assert "PositionReferenceIndicator" in text
