"""Faces with acne on traced heads: truth, law of variation, repeatability."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from phantom.complexion import (
    EYE_ROW,
    HEADS,
    INFLAMMATORY,
    MIDLINE_COLUMN,
    PX_PER_MM,
    SIDE,
    FacePicture,
    Law,
    cache_folder,
    face,
    groups,
    hayashi_grade,
    parameters,
    prepare,
)
from phantom.complexion.plate import person
from phantom.spectral import ita_class

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module", autouse=True)
def few_heads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DERMABOOTH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setitem(HEADS, "test", 2)
        yield


@pytest.fixture(scope="module")
def severe() -> FacePicture:
    return face(3, Law.training(), grade=4, ita=50.0)


def test_the_same_arguments_give_the_same_face(severe: FacePicture) -> None:
    again = face(3, Law.training(), grade=4, ita=50.0)
    assert np.array_equal(again.image, severe.image)
    assert again.lesions == severe.lesions
    assert not np.array_equal(face(4, Law.training(), grade=4, ita=50.0).image, severe.image)


def test_heads_are_traced_once_and_kept(severe: FacePicture) -> None:
    heard: list[float] = []
    prepare("test", heard.append)
    assert heard == [0.5, 1.0]
    assert sorted(path.name for path in Path(cache_folder()).iterdir()) == ["test-0.npz", "test-1.npz"]


@pytest.mark.parametrize("count", [0, 1, 5, 6, 20, 21, 50, 51, 90])
def test_grades_follow_the_count_rule(count: int) -> None:
    limits = {0: (0, 0), 1: (1, 5), 2: (6, 20), 3: (21, 50), 4: (51, 10**6)}
    low, high = limits[hayashi_grade(count)]
    assert low <= count <= high


@pytest.mark.parametrize("grade", range(5))
def test_the_grade_is_that_of_the_lesions_counted(grade: int) -> None:
    made = face(11, Law.training(), grade=grade, ita=35.0)
    counted = [one for one in made.lesions if one.visible and one.kind in INFLAMMATORY]
    assert made.count == len(counted)
    assert made.grade == hayashi_grade(made.count) == grade
    assert made.ita_class == ita_class(35.0)
    with pytest.raises(ValueError, match="grade 5"):
        face(11, Law.training(), grade=5)


def test_lesions_are_red_and_lie_on_skin(severe: FacePicture) -> None:
    assert severe.image.shape == (SIDE, SIDE, 3)
    redness = np.log((severe.image[..., 0] + 1.0) / (severe.image[..., 1] + 1.0))
    at = [(int(one.y), int(one.x)) for one in severe.lesions if one.kind in INFLAMMATORY and one.visible]
    rows, cols = np.array(at).T
    assert severe.skin[rows, cols].mean() > 0.95
    assert np.median(redness[rows, cols]) > np.median(redness[severe.skin]) + 0.03


def test_faces_are_normalised(severe: FacePicture) -> None:
    """Both eyes lie on the row of the eyes, about 32 mm from the midline."""
    eyes = np.asarray(~severe.skin[int(EYE_ROW) - 6 : int(EYE_ROW) + 6].all(0))
    left, right = (int(MIDLINE_COLUMN + sign * 32 * PX_PER_MM) for sign in (-1, 1))
    assert eyes[left - 6 : left + 6].all()
    assert eyes[right - 6 : right + 6].all()
    assert 140 < severe.face_width < SIDE


def test_shifted_ranges_are_disjoint_from_training() -> None:
    for name, row in parameters().items():
        assert row.train[0] < row.train[1], name
        for low, high in (*row.shifted, *([row.faint] if row.faint else [])):
            assert low < high, name
            assert high < row.train[0] or low > row.train[1], name


def test_a_law_shifts_what_it_says() -> None:
    assert set(groups()) == {
        "optics", "shape", "dose", "distractors", "psf", "noise", "exposure", "light", "clustering",
    }  # fmt: skip
    rng, rows = np.random.default_rng(1), parameters()
    for law, shifted in (
        (Law.training(), set()), (Law.shifted(), set(groups()) - {"dose"}), (Law.shifted_in("psf"), {"psf"}), (Law.faint(), set()),
    ):  # fmt: skip
        for name, row in rows.items():
            inside = row.train[0] <= law.draw(rng, name) <= row.train[1]
            assert inside == (row.group not in shifted and not (law.faint_lesions and row.faint)), (law, name)
    with pytest.raises(ValueError, match="optics"):
        Law.shifted_in("colour")


def test_no_head_serves_two_purposes() -> None:
    seeds = {person(people, index)[0].seed for people in ("train", "check", "test") for index in range(30)}
    assert len(seeds) == 30 + 24 + 2
