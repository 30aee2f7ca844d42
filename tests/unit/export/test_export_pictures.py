"""What is hidden beside pixels: metadata of codestreams, words in colour profiles, frames of every form of mask."""

import io
import struct
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.pixels.utils import pixel_array
from pydicom.uid import JPEGBaseline8Bit

from server.dicom import Making, build_segmentation, jpegls
from server.dicom.key_object import REJECTED_FOR_QUALITY, build_key_object
from server.dicom.segmentation import Form
from server.errors import BadImage
from server.export import ExportOptions, Faces, Pseudonyms
from server.export.colour_profile import without_words
from server.export.deidentify import Deidentifier
from server.export.identity import Subject
from server.export.masking import parts_of
from server.export.pictures import jpegls_only, keep_photo, set_segments
from tests.fixtures.dicom_objects import SERVER, overlapping_segments, picture
from tests.fixtures.research_visits import ANNA, OPENED_AT, SIDE, Shot, shoot

pytestmark = pytest.mark.unit

SECRET = b"Annegret Oberhauser"
KEY = Pseudonyms(b"k" * 32)
AT = datetime(2026, 3, 29, tzinfo=UTC)
SEGMENT = struct.pack(">H", 2 + len(SECRET)) + SECRET


@pytest.fixture(scope="module")
def shot() -> Shot:
    """A photograph with a known face."""
    return shoot(ANNA, "2.25.1234", OPENED_AT)


def maker(*exported: Dataset) -> Deidentifier:
    subject = Subject("key", KEY.patient("key"), KEY.shift("key"))
    uids = frozenset(str(one.SOPInstanceUID) for one in exported)
    return Deidentifier(KEY, ExportOptions(), subject, uids, "0.1.0")


@pytest.mark.parametrize("marker", [0xE1, 0xEF, 0xFE])
def test_a_codestream_loses_its_metadata_and_keeps_its_picture(marker: int) -> None:
    plain = jpegls.encode(picture())
    planted = plain[:2] + bytes((0xFF, marker)) + SEGMENT + plain[2:] + SECRET
    clean = jpegls_only(planted)
    assert SECRET not in clean
    assert np.array_equal(jpegls.decode(clean, *picture().shape[:2]), picture())
    with pytest.raises(BadImage):
        jpegls_only(planted[: len(planted) // 2])


def test_a_jpeg_photo_loses_its_exif_and_keeps_its_scan(shot: Shot) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    Image.fromarray(shot.srgb).save(buffer, "JPEG", subsampling=1, exif=exif, comment=SECRET)
    photo = Dataset()
    photo.update(shot.photo)
    photo.file_meta = type(shot.photo.file_meta)(shot.photo.file_meta)
    photo.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    photo.PixelData = encapsulate([buffer.getvalue()])
    assert SECRET in photo.PixelData
    made = maker()(photo)
    keep_photo(made, photo, Path("unused"))
    clean: bytes = get_frame(made.PixelData, 0, number_of_frames=1)
    assert SECRET not in clean
    before = np.asarray(Image.open(io.BytesIO(buffer.getvalue())))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(clean))), before)


def test_a_colour_profile_loses_its_words_and_keeps_its_colours() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    (count,) = struct.unpack_from(">I", profile, 128)
    words = [
        struct.unpack_from(">II", profile, 136 + 12 * index)
        for index in range(count)
        if profile[struct.unpack_from(">I", profile, 136 + 12 * index)[0] :][:4]
        in {b"desc", b"mluc", b"text"}
    ]
    start, size = words[0]
    planted = bytearray(profile)
    text = SECRET.decode().encode("utf-16-be") if profile[start : start + 4] == b"mluc" else SECRET
    planted[start + size - 20 : start + size] = text[:20].ljust(20, b"\0")
    clean = without_words(bytes(planted))
    assert len(clean) == len(profile)
    assert text[:20].rstrip(b"\0") not in clean
    rgb = Image.fromarray(np.random.default_rng(1).integers(0, 256, (8, 8, 3), np.uint8))
    target = ImageCms.createProfile("LAB")
    seen = [
        np.asarray(
            ImageCms.applyTransform(
                rgb, ImageCms.buildTransform(ImageCms.ImageCmsProfile(io.BytesIO(one)), target, "RGB", "LAB")
            )
        )
        for one in (profile, clean)
    ]
    assert np.array_equal(seen[0], seen[1])
    assert without_words(b"short") == b""
    assert without_words(profile[:128] + b"\xff" * 40) == b""


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize("faces", list(Faces))
def test_every_form_of_mask_keeps_its_frames(shot: Shot, form: Form, faces: Faces) -> None:
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 3, (SIDE, SIDE))
    segments = [
        type(one)(**{**vars(one), "mask": (labels == number).astype(np.uint8) * 255})
        for number, one in enumerate(overlapping_segments()[:2], start=1)
    ]
    made_of = build_segmentation(
        shot.photo,
        segments,
        form=form,
        making=Making(
            series_instance_uid="2.25.5",
            sop_instance_uid="2.25.6",
            series_number=5,
            equipment=SERVER,
            made_at=AT,
        ),
    )
    truth = np.atleast_3d(pixel_array(made_of)).reshape(-1, SIDE, SIDE)
    for part in parts_of(shot.face, SIDE, SIDE, faces) or (None,):
        made = maker(shot.photo)(made_of)
        set_segments(made, made_of, part)
        expected = (
            truth if part is None else np.stack([part.of(np.asarray(plane, np.uint8)) for plane in truth])
        )
        assert np.array_equal(pixel_array(made).reshape(expected.shape), expected)


def test_a_key_object_leaves_without_the_person_who_chose(shot: Shot) -> None:
    chosen = build_key_object(
        REJECTED_FOR_QUALITY,
        [shot.photo],
        making=Making(
            series_instance_uid="2.25.7",
            sop_instance_uid="2.25.8",
            series_number=9,
            equipment=SERVER,
            made_at=AT,
        ),
        description="Frau Oberhauser has moved",
        person="Wendelin^Doktor",
    )
    made = maker(shot.photo, chosen)(chosen)
    assert not any(word in str(made) for word in ("Oberhauser", "Wendelin"))
    images = [item for item in made.ContentSequence if item.ValueType == "IMAGE"]
    assert [str(one.ReferencedSOPSequence[0].ReferencedSOPInstanceUID) for one in images] == [
        KEY.uid(str(shot.photo.SOPInstanceUID))
    ]


def test_frames_of_odd_size_follow_each_other_without_a_gap() -> None:
    source, made = Dataset(), Dataset()
    planes = np.random.default_rng(3).integers(0, 2, (3, 5, 7), np.uint8)
    source.Rows, source.Columns, source.NumberOfFrames, source.BitsAllocated = 5, 7, 3, 1
    source.PixelData = np.packbits(planes, bitorder="little").tobytes()
    made.file_meta = FileMetaDataset()
    set_segments(made, source, None)
    assert made.PixelData == source.PixelData
