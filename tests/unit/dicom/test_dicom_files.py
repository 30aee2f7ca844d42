import hashlib
import io
import random
import resource
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

from server.dicom import (
    build_photo,
    build_photo_from_jpeg,
    decoded_pixels_sha256,
    encoded,
    read_header,
    read_photo,
    write,
)
from server.errors import BadImage, StorageFull
from station.protocol import Patient
from tests.fixtures.dicom_objects import HEIGHT, PATIENT, STUDY_AT, WIDTH, description, picture
from tests.fixtures.dicom_pictures import jpeg

pytestmark = pytest.mark.unit


def photo() -> Dataset:
    return build_photo(description(), picture())


def native(
    pixels: NDArray[np.uint8], photometric: str = "RGB", syntax: UID = ExplicitVRLittleEndian
) -> Dataset:
    """A photo with uncompressed pixels."""
    built = photo()
    built.file_meta.TransferSyntaxUID = syntax
    built.PhotometricInterpretation = photometric
    if pixels.ndim == 2:
        built.SamplesPerPixel = 1
        del built.PlanarConfiguration, built.ICCProfile
    built.PixelData = pixels.tobytes()
    built["PixelData"].is_undefined_length = False
    return built


def compressed(codestream: bytes, syntax: UID, photometric: str) -> Dataset:
    built = photo()
    built.file_meta.TransferSyntaxUID = syntax
    built.PhotometricInterpretation = photometric
    built.PixelData = encapsulate([codestream])
    return built


def jpeg2000(pixels: NDArray[np.uint8], *, lossless: bool) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(
        out, "JPEG2000", no_jp2=True, irreversible=not lossless, mct=1, quality_layers=[0 if lossless else 8]
    )
    return out.getvalue()


def ybr(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)[:, :, [0, 2, 1]], np.uint8)


def smooth() -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(picture(), (0, 0), 4), np.uint8)


def far(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    return float(np.abs(first.astype(float) - second).mean())


def test_a_written_file_has_the_hash_it_was_given(tmp_path: Path) -> None:
    digest = write(photo(), tmp_path / "photo.dcm")
    data = (tmp_path / "photo.dcm").read_bytes()
    assert digest == hashlib.sha256(data).hexdigest()
    assert data[:128] == bytes(128)
    assert [path.name for path in tmp_path.iterdir()] == ["photo.dcm"]


def test_a_full_disk_is_said_and_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "photo.dcm"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(StorageFull, match=r"no space left for photo\.dcm"):
            write(photo(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["photo.dcm"]


def test_the_archive_proves_its_pixels(tmp_path: Path) -> None:
    write(photo(), tmp_path / "photo.dcm")
    assert decoded_pixels_sha256(tmp_path / "photo.dcm") == hashlib.sha256(picture().data).hexdigest()


def test_a_photo_says_whose_it_is() -> None:
    source = photo()
    source.AccessionNumber, source.StudyDescription = "A-1", "Follow-up"
    origin = read_photo(bytes(encoded(source))).origin
    assert origin is not None
    assert origin.patient == PATIENT
    assert (origin.study_instance_uid, origin.study_at) == (source.StudyInstanceUID, STUDY_AT)
    assert (origin.words.accession_number, origin.words.study_description) == ("A-1", "Follow-up")


@pytest.mark.parametrize("study", ["", "1.2..3", "1.2.x"])
@pytest.mark.filterwarnings("ignore")
def test_a_photo_of_no_study_has_no_origin(study: str) -> None:
    source = photo()
    source.StudyInstanceUID = study
    assert read_photo(bytes(encoded(source))).origin is None


@pytest.mark.filterwarnings("ignore")
def test_what_dicom_does_not_allow_is_left_out_of_the_origin() -> None:
    source = photo()
    source.PatientID, source.PatientSex = ["A", "B"], "X"
    source.PatientBirthDate, source.StudyDate = "1980.1.1", "20260231"
    source.PatientName = "A\nB"
    origin = read_photo(bytes(encoded(source))).origin
    assert origin is not None
    assert origin.patient == Patient(issuer_of_patient_id="CLINIC")
    assert origin.study_at is None


@pytest.mark.filterwarnings("ignore")
def test_a_damaged_archive_proves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "photo.dcm"
    write(photo(), path)
    data = bytearray(path.read_bytes())
    good = hashlib.sha256(picture().data).hexdigest()
    for at in range(len(data) - 20_000, len(data) - 12, 1999):
        changed = data.copy()
        changed[at] ^= 0x55
        path.write_bytes(changed)
        try:
            assert decoded_pixels_sha256(path) != good
        except BadImage:
            continue
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(BadImage):
        decoded_pixels_sha256(path)
    path.write_bytes(b"nothing of the kind" * 100)
    with pytest.raises(BadImage, match="not a DICOM file"):
        read_header(path)


def test_our_own_photo_is_read_back(tmp_path: Path) -> None:
    write(photo(), tmp_path / "photo.dcm")
    read = read_photo(tmp_path / "photo.dcm")
    assert np.array_equal(read.srgb, picture())
    assert (read.sop_instance_uid, read.lossy) == (description().sop_instance_uid, False)
    assert (read.manufacturer, read.model) == ("Camera Maker", "C-12")


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_uncompressed_pictures_are_read(syntax: UID) -> None:
    assert np.array_equal(read_photo(bytes(encoded(native(picture(), "RGB", syntax)))).srgb, picture())
    grey = picture()[:, :, 0]
    read = read_photo(bytes(encoded(native(grey, "MONOCHROME2", syntax)))).srgb
    assert np.array_equal(read, np.dstack([grey] * 3))
    assert far(read_photo(bytes(encoded(native(ybr(picture()), "YBR_FULL", syntax)))).srgb, picture()) < 1


def test_planar_pictures_are_read() -> None:
    built = native(np.ascontiguousarray(picture().transpose(2, 0, 1)))
    built.PlanarConfiguration = 1
    assert np.array_equal(read_photo(bytes(encoded(built))).srgb, picture())


def test_camera_jpegs_are_read() -> None:
    data = jpeg(smooth())
    read = read_photo(bytes(encoded(build_photo_from_jpeg(description(), data))))
    assert read.lossy
    assert far(read.srgb, np.asarray(Image.open(io.BytesIO(data)))) < 1


def test_jpeg_2000_is_read() -> None:
    lossless = compressed(jpeg2000(picture(), lossless=True), JPEG2000Lossless, "YBR_RCT")
    assert np.array_equal(read_photo(bytes(encoded(lossless))).srgb, picture())
    lossy = compressed(jpeg2000(smooth(), lossless=False), JPEG2000, "YBR_ICT")
    assert far(read_photo(bytes(encoded(lossy))).srgb, smooth()) < 4


def test_another_colour_space_is_converted_to_srgb() -> None:
    built = native(smooth())
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    # The red and green colorants change places.
    red, green = (profile.index(name, 128) for name in (b"rXYZ", b"gXYZ"))
    profile[red : red + 4], profile[green : green + 4] = profile[green : green + 4], profile[red : red + 4]
    built.ICCProfile = bytes(profile)
    read = read_photo(bytes(encoded(built))).srgb
    assert far(read, smooth()[:, :, [1, 0, 2]]) < 3


def changed(**attributes: object) -> Callable[[], bytes]:
    def make() -> bytes:
        built = native(picture())
        for keyword, value in attributes.items():
            setattr(built, keyword, value)
        return bytes(encoded(built))

    return make


def syntax_changed(syntax: UID) -> Callable[[], bytes]:
    """A file that claims this syntax; deflated where it is that one."""

    def make() -> bytes:
        data = bytes(encoded(native(picture())))
        start = 144 + int.from_bytes(data[140:144], "little")
        meta, body = data[:start], data[start:]
        if syntax == DeflatedExplicitVRLittleEndian:
            squeeze = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            body = squeeze.compress(body) + squeeze.flush()
        old = str(ExplicitVRLittleEndian).encode() + b"\0"
        new = str(syntax).encode() + b"\0" * (len(syntax) % 2)
        meta = meta.replace(b"UI\x14\0" + old, b"UI" + len(new).to_bytes(2, "little") + new)
        length = start - 144 + len(new) - len(old)
        return meta[:140] + length.to_bytes(4, "little") + meta[144:] + body

    return make


def oversized_jpeg() -> bytes:
    data = bytearray(jpeg(picture()))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = b"\xea\x60\xea\x60"
    return bytes(encoded(compressed(bytes(data), JPEGBaseline8Bit, "YBR_FULL_422")))


def broken_profile() -> bytes:
    return changed(ICCProfile=b"not a profile at all, but of even length ")()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: b"", "DICM prefix"),
        (lambda: jpeg(picture()), "DICM prefix"),
        (syntax_changed(DeflatedExplicitVRLittleEndian), "transfer syntax '1.2.840.10008.1.2.1.99'"),
        (syntax_changed(RLELossless), "transfer syntax"),
        (syntax_changed(ExplicitVRBigEndian), "transfer syntax"),
        (changed(PhotometricInterpretation="PALETTE COLOR"), "'PALETTE COLOR' are not read"),
        (changed(PhotometricInterpretation="MONOCHROME1"), "not read"),
        (changed(SamplesPerPixel=1), "not read"),
        (changed(BitsAllocated=16, BitsStored=12), "8 bits"),
        (changed(PixelRepresentation=1), "8 bits"),
        (changed(NumberOfFrames=2), "single pictures"),
        (changed(Rows=65000, Columns=65000), "over 100000000 pixels"),
        (changed(Rows=0), "over"),
        (changed(Rows=HEIGHT * 4), "cut short"),
        (oversized_jpeg, "60000x60000, the file says"),
        (broken_profile, "colour profile"),
    ],
)
def test_what_cannot_be_used_is_refused_with_the_reason(make: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(BadImage, match=reason):
        read_photo(make())


def test_files_over_the_limit_are_not_read(tmp_path: Path) -> None:
    write(photo(), tmp_path / "photo.dcm")
    with pytest.raises(BadImage, match="over 1000 bytes"):
        read_photo(tmp_path / "photo.dcm", max_bytes=1000)
    with pytest.raises(BadImage, match=f"{WIDTH}x{HEIGHT} is over 100 pixels"):
        read_photo(tmp_path / "photo.dcm", max_pixels=100)


@pytest.mark.parametrize("depth", [100, 5000])
def test_deep_nesting_is_read_or_refused(depth: int) -> None:
    data = bytes(encoded(native(picture())))
    opened = b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff"
    closed = b"\xfe\xff\x0d\xe0\0\0\0\0" + b"\xfe\xff\xdd\xe0\0\0\0\0"
    at = data.index(b"\xe0\x7f\x10\x00")
    nested = data[:at] + opened * depth + closed * depth + data[at:]
    try:
        assert np.array_equal(read_photo(nested).srgb, picture())
    except BadImage:
        assert depth > 100


def mutate(data: bytes, random_numbers: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random_numbers.randint(1, 12)):
        at = random_numbers.randrange(
            128, min(len(changed), 4096) if random_numbers.random() < 0.7 else len(changed)
        )
        kind = random_numbers.randrange(4)
        if kind == 0:
            changed[at] ^= 1 << random_numbers.randrange(8)
        elif kind == 1:
            changed[at : at + 4] = b"\xff\xff\xff\xff"
        elif kind == 2:
            del changed[at : at + random_numbers.randint(1, 40)]
        else:
            changed[at:at] = random_numbers.randbytes(random_numbers.randint(1, 40))
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["native", "jpeg-ls", "jpeg", "jpeg-2000"])
def test_mutated_files_are_read_or_refused_and_nothing_else(kind: str) -> None:
    makers: dict[str, Callable[[], Dataset]] = {
        "native": lambda: native(picture()),
        "jpeg-ls": photo,
        "jpeg": lambda: build_photo_from_jpeg(description(), jpeg(picture())),
        "jpeg-2000": lambda: compressed(jpeg2000(picture(), lossless=True), JPEG2000Lossless, "YBR_RCT"),
    }
    data = bytes(encoded(makers[kind]()))
    numbers = random.Random(kind)
    refused = 0
    for _ in range(60):
        try:
            assert read_photo(mutate(data, numbers)).srgb.ndim == 3
        except BadImage as error:
            refused += bool(str(error))
    assert refused > 5


def test_pydicom_reads_the_picture_alike() -> None:
    assert np.array_equal(pydicom.dcmread(io.BytesIO(encoded(photo()))).pixel_array, picture())
