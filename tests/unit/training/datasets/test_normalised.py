"""Graded faces are trained on in the geometry in which they are served, each brought into it once."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from training.datasets.ffhq import GradedFaces
from training.datasets.normalised import SIDE, NormalisedFaces
from training.fit import fit
from training.recipe import Stage
from training.recipes.acne_severity import AcneSeverity

pytestmark = pytest.mark.unit

Picture = NDArray[np.uint8]


class Squares:
    """Takes the square that is not black for the face."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.asked = 0

    def __call__(self, picture: Picture) -> Picture | None:
        self.asked += 1
        x, y, w, h = cv2.boundingRect((picture.max(-1) > 20).astype(np.uint8))
        if not w:
            return None
        return np.asarray(cv2.resize(picture[y : y + h, x : x + w], (SIDE, SIDE)), np.uint8)


def silent(what: str, share: float) -> None:
    """Hears nothing."""


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    """Eight pictures of 120 x 90 px with a face somewhere, red from the left to the right."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(8):
        picture = np.zeros((90, 120, 3), np.uint8)
        face = picture[10 + number : 50 + number, 60 - 5 * number : 100 - 5 * number]
        face[..., 2], face[..., 0] = np.linspace(40, 250, 40, dtype=np.uint8), 60
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    rows = [f"{number}.png,{number % 4}" for number in range(8)]
    (folder / "grades.csv").write_text("\n".join(["file,grade", *rows]))
    return folder


def test_a_face_is_shown_where_it_is_served(graded: Path, tmp_path: Path) -> None:
    recipe, heard = AcneSeverity(cache=tmp_path / "cache"), list[tuple[str, float]]()
    recipe.prepare(graded, Squares(), lambda what, share: heard.append((what, share)))
    stage = Stage("plain", 8, 1e-3, augmented=False)
    for split, count in (("train", 7), ("check", 1)):
        dataset = recipe.dataset(split, stage, 0, graded)  # type: ignore[arg-type]
        assert len(dataset) == count  # type: ignore[arg-type]
        for index in range(count):
            columns = dataset[index]["image"].astype(int).mean((0, 2))
            assert columns[0] < 60 < 80 < columns[-1]
    assert heard == [("normalising faces", (number + 1) / 8) for number in range(8)]


def test_each_picture_is_normalised_once(graded: Path, tmp_path: Path) -> None:
    pictures, normaliser = sorted(graded.glob("*.png")), Squares()
    for expected in (8, 8):
        NormalisedFaces(tmp_path / "cache", normaliser).make(pictures, silent)
        assert normaliser.asked == expected
    cv2.imwrite(str(pictures[0]), np.full((91, 120, 3), 90, np.uint8))
    NormalisedFaces(tmp_path / "cache", normaliser).make(pictures, silent)
    assert normaliser.asked == 9
    other = Squares("2")
    NormalisedFaces(tmp_path / "cache", other).make(pictures, silent)
    assert other.asked == 8


def test_pictures_without_a_face_are_named(graded: Path, tmp_path: Path) -> None:
    for number in (2, 5):
        cv2.imwrite(str(graded / f"{number}.png"), np.zeros((90, 120, 3), np.uint8))
    recipe = AcneSeverity(cache=tmp_path / "cache")
    with pytest.raises(
        ValueError, match=r"no face found in 2 of 8 pictures: 2\.png, 5\.png; remove their lines"
    ):
        recipe.prepare(graded, Squares(), silent)


def test_what_nobody_normalised_has_to_be_so_already(graded: Path) -> None:
    with pytest.raises(ValueError, match=r"is \(90, 120\), a normalised face \(224, 224\)"):
        GradedFaces(graded, "train")[0]
    for path in graded.glob("*.png"):
        cv2.imwrite(str(path), np.full((224, 224, 3), 90, np.uint8))
    assert (GradedFaces(graded, "train")[0]["image"] == 90).all()


def test_a_moved_face_goes_on_beyond_its_edge_as_in_service(graded: Path, tmp_path: Path) -> None:
    faces = NormalisedFaces(tmp_path / "cache", Squares())
    faces.make(sorted(graded.glob("*.png")), silent)
    dataset = GradedFaces(graded, "train", faces, augmented=True)
    assert all(dataset[index]["image"].max(-1).min() > 20 for index in range(14))


def test_severity_trains_on_a_folder(graded: Path, tmp_path: Path) -> None:
    recipe, heard = AcneSeverity(cache=tmp_path / "cache"), set[str]()
    recipe.batch_size = 2
    recipe.prepare(graded, Squares(), silent)
    fit(
        recipe,
        folder=tmp_path / "run",
        data=graded,
        images=4,
        width=0.1,
        progress=lambda p: heard.add(p.stage),
    )
    assert heard == {"plain", "augmented"}
