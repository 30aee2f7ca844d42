"""Pictures made of photographs before dicom3tools, and decoded by dcmtk."""

import io
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from server.dicom import (
    LossyCompression,
    Making,
    build_derived_photo,
    build_photo,
    build_photo_from_jpeg,
    read_photo,
    write,
)
from server.errors import BadImage
from station.protocol import Light, derived_uid
from tests.fixtures.dicom_objects import HEIGHT, MADE_AT, SERVER, WIDTH, description, header, picture
from tests.fixtures.dicom_pictures import jpeg
from tests.fixtures.dicom_validators import assert_valid
from tests.fixtures.orders import ORDER

pytestmark = pytest.mark.interop


def derived(photo: Dataset, data: bytes | None = None, *, scale: float = 0.5) -> Dataset:
    return build_derived_photo(
        photo,
        jpeg(picture(1, WIDTH // 2, HEIGHT // 2 + 20), subsampling=1) if data is None else data,
        scale=scale,
        derivation="Outlines of findings drawn on the photograph",
        comments="not for diagnosis",
        making=Making(
            series_instance_uid=derived_uid(photo.SeriesInstanceUID, "overlay"),
            sop_instance_uid=derived_uid(photo.SOPInstanceUID, "overlay"),
            series_number=3000,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )


def originals() -> dict[str, Dataset]:
    return {
        "lossless": build_photo(replace(description(), order=ORDER), picture()),
        "not calibrated": build_photo(
            description(header(Light.UV, calibrated=False, known=False)), picture()
        ),
        "camera": build_photo_from_jpeg(description(), jpeg(picture())),
        "lossy once": build_photo(replace(description(), lossy=LossyCompression()), picture()),
    }


@pytest.mark.parametrize("name", originals())
def test_a_picture_made_of_any_photo_is_valid(name: str, tmp_path: Path) -> None:
    photo = originals()[name]
    write(photo, tmp_path / "photo.dcm")
    write(derived(photo), tmp_path / "overlay.dcm")
    assert_valid([tmp_path / "photo.dcm", tmp_path / "overlay.dcm"])


def test_it_says_what_it_was_made_of_and_that_it_is_lossy() -> None:
    photo = originals()["camera"]
    made = derived(photo)
    assert list(made.ImageType) == ["DERIVED", "SECONDARY"]
    assert made.SourceImageSequence[0].ReferencedSOPInstanceUID == photo.SOPInstanceUID
    assert made.BurnedInAnnotation == "NO"
    assert made.RecognizableVisualFeatures == "YES"
    assert list(made.LossyImageCompressionMethod) == ["ISO_10918_1", "ISO_10918_1"]
    assert len(made.LossyImageCompressionRatio) == 2
    assert float(made.PixelSpacing[0]) == pytest.approx(2 * float(photo.PixelSpacing[0]))
    assert made.AcquisitionDateTime == photo.AcquisitionDateTime
    assert "LossyImageCompressionRatio" not in derived(originals()["lossy once"])


def test_nothing_of_the_photo_is_changed() -> None:
    photo = originals()["lossless"]
    before = photo.to_json()
    derived(photo)
    assert photo.to_json() == before


def test_dcmtk_and_the_server_see_the_same_picture(tmp_path: Path) -> None:
    drawn = np.full((90, 80, 3), (200, 150, 130), np.uint8)
    drawn[20:60, 20:60] = (30, 60, 200)
    write(derived(originals()["lossless"], jpeg(drawn, subsampling=1), scale=1), tmp_path / "overlay.dcm")
    seen = read_photo(tmp_path / "overlay.dcm").srgb
    assert np.abs(seen.astype(int) - drawn).mean() < 3
    subprocess.run(
        ["/usr/bin/dcmj2pnm", "--write-png", tmp_path / "overlay.dcm", tmp_path / "overlay.png"],
        check=True,
        timeout=60,
    )
    theirs = np.asarray(Image.open(tmp_path / "overlay.png").convert("RGB")).astype(int)
    assert np.abs(theirs - drawn).mean() < 3


def test_the_same_picture_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(derived(originals()["lossless"]), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert pydicom.dcmread(tmp_path / "one").StudyInstanceUID == derived_uid("study")


def test_a_jpeg_of_full_colour_resolution_is_refused() -> None:
    buffer = io.BytesIO()
    Image.fromarray(picture()).save(buffer, "JPEG", subsampling=0)
    with pytest.raises(BadImage, match="full colour resolution"):
        derived(originals()["lossless"], buffer.getvalue())
