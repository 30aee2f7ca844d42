import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import msgspec
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame

from server.dicom import LossyCompression, build_photo, build_photo_from_jpeg, encoded, jpegls
from server.dicom.context import calibration_of
from server.errors import BadImage
from station.protocol import Conditions, Light, View
from tests.fixtures.dicom_objects import QUALITY, description, header, picture
from tests.fixtures.dicom_pictures import jpeg

pytestmark = pytest.mark.unit


def reread(photo: Dataset) -> Dataset:
    return pydicom.dcmread(io.BytesIO(encoded(photo)))


def context(photo: Dataset) -> dict[str, object]:
    found: dict[str, object] = {}
    for item in photo.AcquisitionContextSequence:
        if item.ValueType == "CODE":
            value: object = item.ConceptCodeSequence[0].CodeMeaning
        elif item.ValueType == "NUMERIC":
            value = (float(item.NumericValue), item.MeasurementUnitsCodeSequence[0].CodeValue)
        else:
            value = item.TextValue
        found[item.ConceptNameCodeSequence[0].CodeMeaning] = value
    return found


def test_pixels_are_kept_bit_for_bit() -> None:
    photo = reread(build_photo(description(), picture()))
    assert np.array_equal(photo.pixel_array, picture())
    assert photo.LossyImageCompression == "00"


def test_the_same_description_gives_the_same_bytes() -> None:
    first, second = (
        hashlib.sha256(encoded(build_photo(description(), picture()))).digest() for _ in range(2)
    )
    assert first == second


def test_identity_and_times_are_as_given() -> None:
    given = description()
    photo = reread(build_photo(given, picture()))
    assert photo.SOPInstanceUID == photo.file_meta.MediaStorageSOPInstanceUID == given.sop_instance_uid
    assert (photo.StudyInstanceUID, photo.SeriesInstanceUID) == (
        given.study_instance_uid,
        given.series_instance_uid,
    )
    assert str(photo.PatientName) == given.patient.patient_name
    assert photo.TimezoneOffsetFromUTC == "+0100"
    assert (photo.StudyDate, photo.StudyTime) == ("20260329", "015930.250000")
    taken = datetime.strptime(photo.AcquisitionDateTime, "%Y%m%d%H%M%S.%f%z")
    assert taken.timestamp() == pytest.approx(given.header.captured_at, abs=1e-5)
    assert photo.preamble == bytes(128)


def test_camera_and_exposure_come_from_the_header() -> None:
    photo = reread(build_photo(description(), picture()))
    assert (photo.Manufacturer, photo.ManufacturerModelName, photo.DeviceSerialNumber) == (
        "Camera Maker",
        "C-12",
        "C-9",
    )
    assert float(photo.ExposureTimeInSeconds) == pytest.approx(1 / 119)
    told = context(photo)
    assert told["Actual exposure time"] == (pytest.approx(1 / 119), "s")
    assert told["Requested exposure time"] == (pytest.approx(1 / 120), "s")
    assert told["Actual analogue gain"] == (3.01, "dB")


def test_what_is_not_known_is_not_said() -> None:
    unknown = header(Light.UNCONTROLLED, View.UNSPECIFIED, calibrated=False, known=False)
    photo = reread(build_photo(description(unknown, quality=None), picture()))
    absent = ("AcquisitionDateTime", "ExposureTimeInSeconds", "LensModel", "PixelSpacing")
    assert [keyword for keyword in absent if keyword in photo] == []
    assert not photo.PatientOrientation
    assert photo.Manufacturer == "Booth Maker"


@pytest.mark.parametrize(
    ("px_per_mm", "calibration", "written"),
    [(8.3, "c", True), (8.3, None, False), (None, "c", False), (8.3, "", False)],
)
def test_millimetres_need_scale_and_calibration(
    px_per_mm: float | None, calibration: str | None, written: bool
) -> None:
    frame = msgspec.structs.replace(header(), px_per_mm=px_per_mm, calibration=calibration)
    photo = reread(build_photo(description(frame), picture()))
    assert ("PixelSpacing" in photo) is written
    if written:
        assert [float(value) for value in photo.PixelSpacing] == pytest.approx([1 / 8.3, 1 / 8.3])


def test_a_refused_calibration_says_why() -> None:
    reason = "calibration booth-1-20260101-00000000 expired on 2026-04-03"
    frame = msgspec.structs.replace(
        header(calibrated=False), calibration=None, color_refused=reason, scale_refused=reason
    )
    photo = reread(build_photo(description(frame), picture()))
    told = {
        item.ConceptNameCodeSequence[0].CodeValue: item.TextValue
        for item in photo.AcquisitionContextSequence
        if item.ValueType == "TEXT"
    }
    assert (told["COLOR_REFUSED"], told["SCALE_REFUSED"]) == (reason, reason)
    assert calibration_of(photo) == ""
    assert calibration_of(reread(build_photo(description(header()), picture()))) == "booth-1/2026-03"


@pytest.mark.parametrize(
    ("light", "method", "angle"),
    [
        (Light.WHITE, "Diffuse direct illumination", None),
        (Light.CROSS_POLARISED, "Cross-polarised illumination", (90.0, "deg")),
        (Light.PARALLEL_POLARISED, "Parallel-polarised illumination", (0.0, "deg")),
        (Light.UV, "Epifluorescence illumination", None),
    ],
)
def test_the_light_is_told(light: Light, method: str, angle: object) -> None:
    given = replace(description(header(light)), uv_wavelength_nm=365.0)
    photo = reread(build_photo(given, picture()))
    told = context(photo)
    assert told["Illumination Method"] == method
    assert told.get("Angle between the polarisers of lamp and camera") == angle
    assert told.get("Illumination wavelength") == ((365.0, "nm") if light is Light.UV else None)
    assert "light" in photo.SeriesDescription


def test_the_quality_record_is_whole() -> None:
    told = context(reread(build_photo(description(), picture())))
    assert told["Quality Assessment"] == "Usable - Does not meet the quality control standard"
    assert told["Version of the quality thresholds"] == QUALITY.threshold_version
    assert told["Focus"] == (pytest.approx(1 / 3), "1")
    assert told["Limit: focus"] == (0.1, "1")
    assert told["Verdict: focus"] == "Pass"
    assert told["Clipped highlights, left cheek"] == (2.5, "%")
    assert told["Advice: clipped highlights, left cheek"] == QUALITY.measures[1].advice
    assert told["Verdict: tab level"] == "Quality could not be told"
    assert "Tab level" not in told


def test_lossy_stays_lossy() -> None:
    given = replace(description(), lossy=LossyCompression(ratio=12.345))
    photo = reread(build_photo(given, picture()))
    assert (photo.LossyImageCompression, float(photo.LossyImageCompressionRatio)) == ("01", 12.35)
    assert photo.LossyImageCompressionMethod == "ISO_10918_1"


def test_pixels_of_another_size_or_depth_are_refused() -> None:
    with pytest.raises(BadImage, match="not uint8"):
        build_photo(description(), picture()[:-1])
    with pytest.raises(BadImage, match="not uint8"):
        build_photo(description(), picture().astype(np.uint16))


def test_times_without_a_zone_are_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(description(), study_at=datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("subsampling", [1, 2])
def test_a_camera_jpeg_keeps_its_picture_and_loses_its_metadata(subsampling: int) -> None:
    data = jpeg(picture(), subsampling=subsampling, profile=True)
    photo = reread(build_photo_from_jpeg(description(), data))
    frame = get_frame(photo.PixelData, 0, number_of_frames=1)
    assert b"Exif" not in frame
    assert b"taken at home" not in frame
    assert b"ICC_PROFILE" not in frame
    assert photo.ICCProfile[12:16] == b"scnr"
    scan = data.index(b"\xff\xda")
    assert data[scan:] in frame
    ours, theirs = (np.asarray(Image.open(io.BytesIO(stream))) for stream in (frame, data))
    assert np.array_equal(ours, theirs)
    assert photo.LossyImageCompression == "01"


def full_colour() -> bytes:
    return jpeg(picture(), subsampling=0)


def turned() -> bytes:
    return jpeg(picture(), orientation=6)


def progressive() -> bytes:
    return jpeg(picture(), progressive=True)


def grey() -> bytes:
    out = io.BytesIO()
    Image.fromarray(picture()[:, :, 0]).save(out, "JPEG")
    return out.getvalue()


def adobe_rgb() -> bytes:
    data = jpeg(picture())
    return data[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00" + data[2:]


def other_size() -> bytes:
    return jpeg(picture(width=80))


def cut_short() -> bytes:
    return jpeg(picture())[:-400]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (turned, "must be turned"),
        (full_colour, "full colour"),
        (progressive, "only baseline"),
        (grey, "three 8-bit components"),
        (adobe_rgb, "RGB JPEG"),
        (other_size, "not 160x120"),
        (cut_short, "cut short"),
        (lambda: b"\x89PNG", "not a JPEG"),
        (lambda: b"\xff\xd8\xff\xd9", "declares no picture"),
    ],
)
def test_a_jpeg_that_cannot_be_kept_is_refused(make: object, reason: str) -> None:
    assert callable(make)
    with pytest.raises(BadImage, match=reason):
        build_photo_from_jpeg(description(), make())


@pytest.mark.parametrize("size", [(1, 1), (1, 77), (50, 1), (31, 17), (3, 3000)])
def test_jpeg_ls_holds_any_size(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    assert np.array_equal(jpegls.decode(jpegls.encode(pixels), *size), pixels)


def test_jpeg_ls_takes_strided_and_read_only_pictures() -> None:
    pixels = picture()[::2, ::-1]
    pixels.flags.writeable = False
    assert np.array_equal(jpegls.decode(jpegls.encode(pixels), *pixels.shape[:2]), pixels)


def test_jpeg_ls_is_encoded_in_threads_alike() -> None:
    pictures = [picture(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(jpegls.encode, pictures)) == [jpegls.encode(pixels) for pixels in pictures]


def test_jpeg_ls_of_another_size_is_refused() -> None:
    with pytest.raises(BadImage, match="not an 8-bit RGB picture"):
        jpegls.decode(jpegls.encode(picture()), 120, 161)


def test_skin_and_room_are_items_of_the_context() -> None:
    told = Conditions(acclimatised_min=15, room_c=21.5, humidity_pct=44, products="Sonnenmilch, vor 8 h")
    found = context(reread(build_photo(replace(description(), conditions=told), picture())))
    assert found["Time that the subject rested in the room"] == (15.0, "min")
    assert found["Temperature of the room"] == (21.5, "Cel")
    assert found["Relative humidity of the room"] == (44.0, "%")
    assert found["Products used on the skin before"] == "Sonnenmilch, vor 8 h"
    untold = context(reread(build_photo(description(), picture())))
    assert "Temperature of the room" not in untold


def test_a_photo_that_was_taken_again_names_the_earlier_one_and_why_the_gate_was_passed_over() -> None:
    given = replace(description(), replaces="2.25.7", override="cannot turn the head")
    photo = reread(build_photo(given, picture()))
    (item,) = photo.ReferencedImageSequence
    assert (item.ReferencedSOPInstanceUID, item.ReferencedSOPClassUID) == ("2.25.7", photo.SOPClassUID)
    assert item.PurposeOfReferenceCodeSequence[0].CodeValue == "TAKEN_AGAIN"
    assert context(photo)["Why it was shot against the quality gate"] == "cannot turn the head"
    assert photo.ImageComments.endswith(
        "taken again; shot although a correction was asked for: cannot turn the head"
    )
    assert "ReferencedImageSequence" not in build_photo(description(), picture())
