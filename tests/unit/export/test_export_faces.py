"""Faces masked in the pixels: the band lies over the eyes, crops are without them, masks go with their pictures."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels.utils import pixel_array

from phantom.scene import PART
from server.dicom import read_photo
from server.export import Exporter, ExportOptions, Faces, Pseudonyms, Selection
from server.export.masking import CROPPED, NO_LANDMARKS, Refused, eye_band, parts_of
from server.export.options import CODES, Option
from station.protocol import Box, Face, Landmark
from tests.fixtures.research_visits import (
    ANNA,
    SIDE,
    ResearchVisit,
    add_visit,
    face_in,
    open_research,
    person,
)

pytestmark = pytest.mark.unit

KEY = Pseudonyms(b"k" * 32)
TURNED = (-45.0, 0.0, 20.0)


def parts_of_person(seed: int, yaw: float) -> tuple[NDArray[np.bool_], Face]:
    """The pixels of eyes and brows, true of the phantom, and its face."""
    one = person(seed, yaw)
    return np.isin(one.labels, [PART["eye"], PART["brow"]]), face_in(one)


@pytest.mark.parametrize("yaw", TURNED)
@pytest.mark.parametrize("seed", [3, 8])
def test_the_band_covers_every_pixel_of_eyes_and_brows(seed: int, yaw: float) -> None:
    eyes, face = parts_of_person(seed, yaw)
    band = eye_band(face, SIDE, SIDE) > 0
    assert np.count_nonzero(eyes) > 100
    assert np.count_nonzero(eyes & ~band) == 0
    # It is a band, not a blot: most of the face is left.
    assert np.count_nonzero(band & (person(seed, yaw).alpha > 0)) < 0.45 * np.count_nonzero(
        person(seed, yaw).alpha
    )


@pytest.mark.parametrize("yaw", TURNED)
def test_crops_show_no_pixel_of_the_eyes(yaw: float) -> None:
    eyes, face = parts_of_person(3, yaw)
    parts = parts_of(face, SIDE, SIDE, Faces.CROPS)
    assert {part.name for part in parts} <= set(CROPPED)
    assert len(parts) >= 3
    for part in parts:
        shown = np.zeros((SIDE, SIDE), bool)
        box = part.window
        shown[box.y : box.y + box.height, box.x : box.x + box.width] = part.hidden == 0
        assert not np.any(shown & eyes), part.name


@pytest.mark.parametrize(
    "face",
    [
        None,
        Face(box=Box(50, 50, 100, 100)),
        Face(box=Box(50, 50, 100, 100), landmarks=(Landmark(1, 2, 0.1),) * 8),
    ],
)
@pytest.mark.parametrize("faces", [Faces.EYE_BAND, Faces.CROPS])
def test_a_picture_without_sure_landmarks_is_refused(face: Face | None, faces: Faces) -> None:
    with pytest.raises(Refused, match=NO_LANDMARKS):
        parts_of(face, SIDE, SIDE, faces)


def test_eyes_that_are_not_sure_are_refused() -> None:
    points = face_in(person(3)).landmarks
    unsure = tuple(Landmark(p.x, p.y, 0.1 if index < 3 else p.confidence) for index, p in enumerate(points))
    face = Face(box=face_in(person(3)).box, landmarks=unsure)
    with pytest.raises(Refused):
        eye_band(face, SIDE, SIDE)


async def exported(tmp_path: Path, faces: Faces, *, known: bool = True) -> tuple[ResearchVisit, list[Path]]:
    """A visit and the files it became."""
    store, archive = open_research(tmp_path / "data")
    try:
        visit = await add_visit(store, archive, ANNA, faces_known=known)
        exporter = Exporter(store, archive, KEY, ExportOptions(faces=faces), "0.1.0")
        record = await exporter.export(tmp_path / "out", Selection())
        assert not known or not any("landmarks" in reason for reason in record.tally.stays)
    finally:
        await store.close()
    return visit, sorted((tmp_path / "out").rglob("*.dcm"))


def of_kind(files: list[Path], modality: str) -> Iterator[tuple[Path, Dataset]]:
    for path in files:
        dataset = pydicom.dcmread(path)
        if dataset.Modality == modality:
            yield path, dataset


def claimed(dataset: Dataset) -> set[str]:
    return {item.CodeValue for item in dataset.DeidentificationMethodCodeSequence}


async def test_a_band_changes_nothing_but_what_it_covers(tmp_path: Path) -> None:
    visit, files = await exported(tmp_path, Faces.EYE_BAND)
    shot = visit.shots[0]
    band = eye_band(shot.face, SIDE, SIDE) > 0
    photos = list(of_kind(files, "XC"))
    assert len(photos) == 2
    for path, photo in photos:
        pixels = read_photo(path).srgb
        assert np.array_equal(pixels[~band], shot.srgb[~band])
        assert not pixels[band].any()
        assert photo.RecognizableVisualFeatures == "NO"
        assert photo.ImageType[0] == "DERIVED"
        assert CODES[Option.CLEAN_RECOGNIZABLE_FEATURES].value in claimed(photo)
    for _, masks in of_kind(files, "SEG"):
        planes = pixel_array(masks)
        truth = pixel_array(shot.segmentation)
        assert np.array_equal(planes, np.where(band, 0, truth))
        assert planes.any()


async def test_a_whole_face_is_called_recognizable(tmp_path: Path) -> None:
    visit, files = await exported(tmp_path, Faces.AS_THEY_ARE)
    for path, photo in of_kind(files, "XC"):
        assert np.array_equal(read_photo(path).srgb, visit.shots[0].srgb)
        assert photo.RecognizableVisualFeatures == "YES"
        assert CODES[Option.CLEAN_RECOGNIZABLE_FEATURES].value not in claimed(photo)
        assert "faces recognizable" in photo.DeidentificationMethod
    assert "can be recognized" in (tmp_path / "out" / "export.json").read_text()


async def test_crops_are_cut_from_the_whole_picture_and_masks_with_them(tmp_path: Path) -> None:
    visit, files = await exported(tmp_path, Faces.CROPS)
    shot = visit.shots[0]
    parts = parts_of(shot.face, SIDE, SIDE, Faces.CROPS)
    photos = {str(photo.SOPInstanceUID): (path, photo) for path, photo in of_kind(files, "XC")}
    assert len(photos) == 2 * len(parts)
    assert {photo.SeriesDescription.split(", ")[-1] for _, photo in photos.values()} == {
        part.name.replace("_", " ") for part in parts
    }
    cut = {part.of(shot.srgb).tobytes() for part in parts}
    assert {read_photo(path).srgb.tobytes() for path, _ in photos.values()} == cut
    truth = pixel_array(shot.segmentation)
    crops = {part.window.height * 10_000 + part.window.width: part for part in parts}
    for _, masks in of_kind(files, "SEG"):
        reference = masks.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID
        _, photo = photos[reference]
        assert (masks.Rows, masks.Columns) == (photo.Rows, photo.Columns)
        assert masks.ReferencedSeriesSequence[0].SeriesInstanceUID == photo.SeriesInstanceUID
        part = crops[masks.Rows * 10_000 + masks.Columns]
        assert np.array_equal(pixel_array(masks), np.stack([part.of(plane) for plane in truth]))
    assert list(of_kind(files, "SR")) == []


async def test_unknown_faces_stay_with_all_that_was_made_of_them(tmp_path: Path) -> None:
    _, files = await exported(tmp_path, Faces.EYE_BAND, known=False)
    assert files == []
    told = (tmp_path / "out" / "export.json").read_text()
    assert NO_LANDMARKS in told
