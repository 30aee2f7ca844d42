"""Pictures through a dermoscope before dicom3tools."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from server.dicom import (
    DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE,
    Dermoscope,
    build_photo,
    build_photo_from_jpeg,
    read_photo,
    write,
)
from station.protocol import Light, View
from tests.fixtures import dicom_validators
from tests.fixtures.dicom_objects import description, header, picture
from tests.fixtures.dicom_pictures import jpeg

pytestmark = pytest.mark.interop

SCOPES = {
    "all known": Dermoscope(
        contact=True,
        immersion="ULTRASOUND_GEL",
        polarised=True,
        magnification=10.0,
        colour_temperature_k=5600.0,
    ),
    "held off": Dermoscope(contact=False, polarised=False),
    "nothing known": Dermoscope(),
}
TOO_OLD = re.compile(
    # The tool of 2022 knows the class and not its modality.
    r"Warning - Unrecognized defined term <DMS> for value 1 of attribute <Modality>"
)


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dicom_validators, "ALLOWED", (*dicom_validators.ALLOWED, TOO_OLD))


@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize("view", [View.UNSPECIFIED, View.FRONT])
def test_a_picture_through_a_dermoscope_is_valid(name: str, view: View, tmp_path: Path) -> None:
    frame = header(Light.CROSS_POLARISED, view)
    write(
        build_photo(replace(description(frame), dermoscope=SCOPES[name]), picture()), tmp_path / "photo.dcm"
    )
    dicom_validators.assert_valid([tmp_path / "photo.dcm"])
    read = read_photo(tmp_path / "photo.dcm")
    assert read.sop_class_uid == DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE
    assert np.array_equal(read.srgb, picture())


def test_a_camera_jpeg_through_a_dermoscope_is_valid(tmp_path: Path) -> None:
    made = build_photo_from_jpeg(replace(description(), dermoscope=SCOPES["all known"]), jpeg(picture()))
    write(made, tmp_path / "photo.dcm")
    dicom_validators.assert_valid([tmp_path / "photo.dcm"])
    assert made.file_meta.MediaStorageSOPClassUID == DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE


@pytest.mark.parametrize(
    "wrong", [{"contact": True}, {"immersion": "WATER"}, {"contact": False, "immersion": "WATER"}]
)
def test_contact_and_immersion_go_together(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="between skin and glass"):
        Dermoscope(**wrong)  # type: ignore[arg-type]
