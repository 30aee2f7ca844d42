"""Objects in other transfer syntaxes: the same picture, the same object, every size checked first."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSLossless,
    RLELossless,
)

from server.dicom import (
    Making,
    build_photo,
    build_photo_from_jpeg,
    build_report,
    build_segmentation,
    decoding,
    read_photo,
    rle,
    transcoded,
    write,
)
from server.dicom.transcoding import TARGETS
from server.errors import BadImage
from station.protocol import derived_uid
from tests.fixtures.dicom_objects import (
    HEIGHT,
    MADE_AT,
    SERVER,
    WIDTH,
    description,
    overlapping_segments,
    picture,
)
from tests.fixtures.dicom_pictures import jpeg

pytestmark = pytest.mark.unit


def of_lossless() -> Dataset:
    return build_photo(description(), picture())


def of_camera() -> Dataset:
    return build_photo_from_jpeg(description(), jpeg(picture()))


def masks() -> Dataset:
    return build_segmentation(
        of_lossless(),
        overlapping_segments(),
        making=Making(
            series_instance_uid=derived_uid("series"),
            sop_instance_uid=derived_uid("masks"),
            series_number=2,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )


def written(dataset: Dataset, folder: Path) -> Path:
    write(dataset, folder / "object.dcm")
    return folder / "object.dcm"


def pixels_of(path: Path) -> NDArray[np.uint8]:
    dataset = pydicom.dcmread(path)
    decoding.check_pixels(dataset, max_pixels=1 << 20)
    return next(decoding.decoded_frames(dataset))


@pytest.mark.parametrize("make", [of_lossless, of_camera])
@pytest.mark.parametrize("target", TARGETS, ids=lambda uid: str(uid.keyword))
def test_a_photo_keeps_its_picture_and_its_identity(
    make: Callable[[], Dataset], target: str, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.dcm"
    write(make(), kept)
    expected = pixels_of(kept)
    after = pydicom.dcmread(written(transcoded(kept, target), tmp_path))
    assert after.file_meta.TransferSyntaxUID == target
    assert np.array_equal(pixels_of(tmp_path / "object.dcm"), expected)
    changed = {"PixelData", "PhotometricInterpretation"}
    for element in pydicom.dcmread(kept):
        assert element.keyword in changed or after[element.keyword].value == element.value
    assert after.PhotometricInterpretation == ("YBR_RCT" if target == JPEG2000Lossless else "RGB")


def test_what_was_lossy_stays_told() -> None:
    before = of_camera()
    after = transcoded(before, ExplicitVRLittleEndian)
    assert after.LossyImageCompression == "01"
    assert after.LossyImageCompressionRatio == before.LossyImageCompressionRatio
    assert after.LossyImageCompressionMethod == "ISO_10918_1"
    assert before.file_meta.TransferSyntaxUID == JPEGBaseline8Bit
    assert before.PhotometricInterpretation == "YBR_FULL_422"


def test_the_same_syntax_changes_nothing() -> None:
    before = of_lossless()
    assert transcoded(before, JPEGLSLossless) is before


def test_a_photo_goes_through_every_syntax_and_back(tmp_path: Path) -> None:
    photo = of_lossless()
    for target in (*TARGETS, ImplicitVRLittleEndian, JPEGLSLossless):
        photo = pydicom.dcmread(written(transcoded(photo, target), tmp_path))
    assert np.array_equal(read_photo(tmp_path / "object.dcm").srgb, picture())


def test_one_bit_masks_and_reports_change_between_uncompressed_syntaxes_only(tmp_path: Path) -> None:
    seg = masks()
    report = build_report(
        of_lossless(),
        seg,
        (),
        making=Making(
            series_instance_uid=derived_uid("series"),
            sop_instance_uid=derived_uid("report"),
            series_number=3,
            equipment=SERVER,
            made_at=MADE_AT,
        ),
    )
    for made in (seg, report):
        after = pydicom.dcmread(written(transcoded(made, ImplicitVRLittleEndian), tmp_path))
        assert after.is_implicit_VR
        assert len(after) == len(made)
    assert (
        pydicom.dcmread(written(transcoded(seg, ImplicitVRLittleEndian), tmp_path)).PixelData == seg.PixelData
    )
    with pytest.raises(BadImage, match="8 bits"):
        transcoded(seg, RLELossless)
    with pytest.raises(BadImage, match="without pixels"):
        transcoded(report, JPEGLSLossless)


def test_several_frames_are_decoded_one_by_one() -> None:
    frames = [picture(seed)[..., 0] for seed in range(3)]
    grey = of_lossless()
    grey.SamplesPerPixel, grey.PhotometricInterpretation, grey.NumberOfFrames = 1, "MONOCHROME2", 3
    del grey.PlanarConfiguration
    grey.PixelData = encapsulate([rle.encode(frame) for frame in frames])
    grey.file_meta.TransferSyntaxUID = RLELossless
    after = transcoded(grey, ExplicitVRLittleEndian)
    assert after.PixelData == b"".join(frame.tobytes() for frame in frames)
    packed = transcoded(after, JPEGLSLossless)
    assert np.array_equal(list(decoding.decoded_frames(packed)), frames)


@pytest.mark.parametrize(
    ("syntax", "change", "reason"),
    [
        (HTJ2KLossless, {}, "not put into"),
        (ExplicitVRLittleEndian, {"Rows": 60000, "Columns": 60000}, "over 1073741824 pixels"),
        (ExplicitVRLittleEndian, {"Rows": HEIGHT + 1}, f"{WIDTH}x{HEIGHT}, the file says"),
        (ExplicitVRLittleEndian, {"BitsStored": 7}, "8 bits"),
        (ExplicitVRLittleEndian, {"PixelData": b"\0" * 40}, "cannot be transcoded"),
    ],
)
def test_what_cannot_be_transcoded_is_refused_with_the_reason(
    syntax: str, change: dict[str, object], reason: str
) -> None:
    photo = of_lossless()
    for keyword, value in change.items():
        setattr(photo, keyword, value)
    with pytest.raises(BadImage, match=reason):
        transcoded(photo, syntax)


def test_a_jpeg_is_decoded_by_pillow_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    decoder = get_decoder(JPEGBaseline8Bit)

    def watched(*args: Any, **more: Any) -> Any:
        asked.append(more["decoding_plugin"])
        return decoder.as_array(*args, **more)

    monkeypatch.setattr(decoding, "get_decoder", lambda _: SimpleNamespace(as_array=watched))
    transcoded(of_camera(), ExplicitVRLittleEndian)
    assert asked == ["pillow"]
