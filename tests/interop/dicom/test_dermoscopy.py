"""Pictures through a dermoscope before dicom3tools."""

from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from server.dicom import (
    DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE,
    build_photo,
    build_photo_from_jpeg,
    read_photo,
    write,
)
from station.protocol import (
    BodySite,
    CameraInfo,
    CodedConcept,
    Dermoscope,
    FrameHeader,
    Light,
    View,
    derived_uid,
)
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
    "dry contact": Dermoscope(contact=True, polarised=True),
    "held off": Dermoscope(contact=False, polarised=False),
    "nothing known": Dermoscope(),
}


def through(scope: Dermoscope, light: Light = Light.WHITE, view: View = View.UNSPECIFIED) -> FrameHeader:
    return msgspec.structs.replace(header(light, view), dermoscope=scope)


@pytest.mark.parametrize("name", SCOPES)
@pytest.mark.parametrize("view", [View.UNSPECIFIED, View.FRONT])
def test_a_picture_through_a_dermoscope_is_valid(name: str, view: View, tmp_path: Path) -> None:
    frame = through(SCOPES[name], Light.CROSS_POLARISED, view)
    write(build_photo(description(frame), picture()), tmp_path / "photo.dcm")
    dicom_validators.assert_valid([tmp_path / "photo.dcm"])
    read = read_photo(tmp_path / "photo.dcm")
    assert read.sop_class_uid == DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE
    assert np.array_equal(read.srgb, picture())


def test_a_camera_jpeg_through_a_dermoscope_is_valid(tmp_path: Path) -> None:
    made = build_photo_from_jpeg(description(through(SCOPES["all known"])), jpeg(picture()))
    write(made, tmp_path / "photo.dcm")
    dicom_validators.assert_valid([tmp_path / "photo.dcm"])
    assert made.file_meta.MediaStorageSOPClassUID == DERMOSCOPIC_PHOTOGRAPHY_IMAGE_STORAGE


def test_what_is_known_is_said_and_nothing_else() -> None:
    known = build_photo(description(through(SCOPES["all known"])), picture())
    assert (known.ContactMethod, known.ImmersionMedia) == ("CONTACT", "ULTRASOUND_GEL")
    assert (known.LightSourcePolarization, known.EmitterColorTemperature) == ("POLARIZED", 5600)
    assert (known.OpticalMagnificationFactor, known.RecognizableVisualFeatures) == (10, "NO")
    assert known.SeriesDescription == "Dermoscopy, white light"
    bare = build_photo(description(through(SCOPES["nothing known"])), picture())
    assert (bare.ContactMethod, bare.OpticalMagnificationFactor, bare.EmitterColorTemperature) == (
        "",
        None,
        None,
    )
    assert "ImmersionMedia" not in bare
    assert bare.RecognizableVisualFeatures == "YES"
    assert build_photo(description(through(SCOPES["dry contact"])), picture()).ImmersionMedia == ""


@pytest.mark.parametrize(
    ("light", "said"),
    [
        (Light.WHITE, "NON_POLARIZED"),
        (Light.CROSS_POLARISED, "POLARIZED"),
        (Light.PARALLEL_POLARISED, "POLARIZED"),
        (Light.UNCONTROLLED, ""),
    ],
)
def test_the_booths_lamps_tell_the_polarisation_where_it_has_none_of_its_own(light: Light, said: str) -> None:
    photo = build_photo(description(through(Dermoscope(contact=False), light)), picture())
    assert photo.LightSourcePolarization == said
    own = build_photo(description(through(Dermoscope(polarised=False), light)), picture())
    assert own.LightSourcePolarization == "NON_POLARIZED"


@pytest.mark.parametrize("side", ["left", None])
def test_it_says_where_on_the_body(side: str | None, tmp_path: Path) -> None:
    cheek = CodedConcept(value="36141000", scheme="SCT", meaning="Skin of cheek")
    site = msgspec.convert({"code": msgspec.to_builtins(cheek), "side": side}, BodySite)
    photo = build_photo(replace(description(through(SCOPES["held off"])), site=site), picture())
    write(photo, tmp_path / "photo.dcm")
    dicom_validators.assert_valid([tmp_path / "photo.dcm"])
    (region,) = photo.AnatomicRegionSequence
    assert region.CodeMeaning == "Skin of cheek"
    assert [one.CodeMeaning for one in region.get("AnatomicRegionModifierSequence", ())] == ["Left"] * bool(
        side
    )
    assert photo.ImageLaterality == ("L" if side else "U")


def test_a_camera_without_a_nameplate_leaves_nothing_empty_that_may_not_be(tmp_path: Path) -> None:
    bare = CameraInfo(manufacturer="", model="UVC camera")
    frame = msgspec.structs.replace(through(SCOPES["held off"]), camera=bare)
    photo = build_photo(replace(description(frame), replaces=derived_uid("earlier")), picture())
    write(photo, tmp_path / "photo.dcm")
    dicom_validators.assert_valid([tmp_path / "photo.dcm"])
    assert (photo.Manufacturer, photo.DeviceSerialNumber) == ("unknown", "unknown")
    assert photo.ReferencedImageSequence[0].ReferencedSOPClassUID == photo.SOPClassUID
