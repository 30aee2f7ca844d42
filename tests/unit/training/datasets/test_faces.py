"""Examples made of faces: truth that moves with the picture."""

from collections.abc import Iterator

import numpy as np
import pytest

from phantom.complexion import HAYASHI, HEADS, hayashi_grade, plate
from training.datasets.faces import CELL, Faces, SkinCrops, crop, example, prepare, severity
from training.recipe import Stage

pytestmark = pytest.mark.unit

PLAIN, ALTERED = (Stage("stage", 16, 1e-3, augmented=augmented) for augmented in (False, True))


@pytest.fixture(scope="module", autouse=True)
def few_heads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DERMABOOTH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setitem(HEADS, "train", 1)
        patch.setitem(HEADS, "check", 1)
        yield


@pytest.mark.parametrize("stage", [PLAIN, ALTERED])
def test_an_example_is_a_function_of_seed_and_index(stage: Stage) -> None:
    one, again, other = Faces("train", stage, 1)[5], Faces("train", stage, 1)[5], Faces("train", stage, 2)[5]
    assert all(np.array_equal(one[name], again[name]) for name in one)
    assert not np.array_equal(one["image"], other["image"])
    assert one["image"].shape == (224, 224, 3)
    assert one["lesions"].shape == (28, 28)


def test_heads_are_drawn_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, float]] = []
    prepare(lambda what, share: heard.append((what, share)))
    assert heard == [("heads of the train split", 1.0), ("heads of the check split", 1.0)]
    monkeypatch.setattr(plate, "make_plate", None)  # nothing is left to draw
    assert Faces("train", PLAIN, 1)[0]["image"].shape == (224, 224, 3)
    assert Faces("check", PLAIN, 1)[0]["image"].shape == (224, 224, 3)


def test_splits_differ_and_only_training_is_altered() -> None:
    assert not np.array_equal(Faces("train", PLAIN, 1)[0]["image"], Faces("check", PLAIN, 1)[0]["image"])
    assert np.array_equal(Faces("check", PLAIN, 1)[0]["image"], Faces("check", ALTERED, 1)[0]["image"])


def test_the_lesion_map_says_what_the_grade_says() -> None:
    faces = Faces("train", PLAIN, 3)
    for index in range(6):
        made = faces[index]
        assert made["lesions"].sum() <= made["count"]
        assert (made["lesions"].sum() > 0) == (made["count"] > 0)
        assert made["grade"] == hayashi_grade(int(made["count"]))


def test_severity_rounds_to_the_grade() -> None:
    for limit in HAYASHI:
        assert round(severity(limit)) == hayashi_grade(limit)
        assert round(severity(limit + 1)) == hayashi_grade(limit + 1)
    assert severity(0) == 0


def test_spots_outside_the_picture_do_not_count() -> None:
    image, skin = np.zeros((224, 224, 3), np.uint8), np.ones((224, 224), np.uint8)
    made = example(image, skin, np.array([[9.0, 17.0], [-1.0, 5.0], [5.0, 224.0]]))
    assert made["count"] == 1
    assert np.argwhere(made["lesions"]).tolist() == [[17 // CELL, 9 // CELL]]


def test_a_crop_is_the_square_around_the_mask() -> None:
    image = np.full((224, 224, 3), 100, np.uint8)
    mask = np.zeros((224, 224), np.uint8)
    mask[50:162, 90:146] = 1
    cropped, spots = crop(image, mask, np.array([[118.0, 106.0], [10.0, 10.0]]))
    assert spots == pytest.approx(np.array([[112.0, 112.0]]))
    assert (cropped[:, :50] == 0).all()
    assert (cropped[5:-5, 60:-60] == 100).all()
    assert (cropped[5:-5, -50:] == 0).all()


def test_skin_crops_tell_acne_from_none() -> None:
    crops = SkinCrops("train", ALTERED, 1)
    made = [crops[index] for index in range(8)]
    assert {int(one["acne"]) for one in made} == {0, 1}
    for one in made:
        assert (one["lesions"].sum() > 0) == bool(one["acne"])
        assert 0.2 < (one["image"].max(-1) > 0).mean() < 0.9
