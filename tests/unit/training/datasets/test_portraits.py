"""Examples made of cached portraits."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from phantom.landmarks import LANDMARKS
from phantom.portrait import IGNORE
from phantom.scene import PART, PARTS
from training.datasets import portrait_cache
from training.datasets.backdrops import backdrop, occluders
from training.datasets.portrait_cache import PortraitCache
from training.datasets.portraits import Portraits

pytestmark = pytest.mark.unit

Record = tuple[NDArray[np.uint8], NDArray[np.float32]]


@pytest.fixture(scope="module")
def record() -> Record:
    """A disc of skin with hair above and a neck below, landmarks at its centre."""
    side = 64
    y, x = np.mgrid[0:side, 0:side]
    labels = np.zeros((side, side), np.uint8)
    labels[(np.abs(x - 32) < 8) & (y > 32)] = PART["neck"]
    labels[(x - 32) ** 2 + (y - 26) ** 2 < 18**2] = PART["hair"]
    labels[(x - 32) ** 2 + (y - 32) ** 2 < 15**2] = PART["skin"]
    image = np.array([[0, 0, 0], [200, 150, 130]] + [[90, 60, 50]] * 10, np.uint8)[labels]
    alpha = np.where(labels > 0, 255, 0).astype(np.uint8)
    points = np.tile(np.array([[32, 32, 1]], np.float32), (len(LANDMARKS), 1))
    return np.dstack([image, alpha, labels])[None].repeat(3, 0), points[None].repeat(3, 0)


def test_examples_have_the_shapes_and_values_that_training_takes(record: Record) -> None:
    examples = Portraits(*record, 96, 3, augmented=True)
    for index in range(40):
        example = examples[index]
        assert example["image"].shape == (96, 96, 3)
        assert example["image"].dtype == example["labels"].dtype == np.uint8
        assert set(np.unique(example["labels"])) <= {*range(len(PARTS)), IGNORE}
        assert example["landmarks"].shape == (8, 3)
        assert example["landmarks"].dtype == np.float32


def test_an_example_follows_from_seed_and_index(record: Record) -> None:
    one, same, other = (Portraits(*record, 96, seed, augmented=True)[5] for seed in (3, 3, 4))
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not np.array_equal(one["image"], other["image"])


def test_landmarks_stay_in_the_middle_of_the_skin(record: Record) -> None:
    examples = Portraits(*record, 96, 3, augmented=True)
    checked = 0
    for index in range(40):
        example = examples[index]
        seen = example["landmarks"][:, 2] > 0
        skin = np.argwhere(example["labels"] == PART["skin"])
        inside = (skin.min(0) > 0).all() and (skin.max(0) < 95).all() if len(skin) else False
        if not seen.all() or not inside:
            continue
        checked += 1
        assert example["landmarks"][0, 0] * 96 == pytest.approx(skin[:, 1].mean(), abs=6)
        assert example["landmarks"][0, 1] * 96 == pytest.approx(skin[:, 0].mean(), abs=6)
    assert checked > 10


def test_some_pictures_show_nobody(record: Record) -> None:
    examples = Portraits(*record, 32, 3, augmented=True)
    empty = [example for index in range(150) if not (example := examples[index])["labels"].any()]
    assert 1 <= len(empty) <= 30
    assert not empty[0]["landmarks"][:, 2].any()


def test_plain_examples_are_the_portraits_themselves(record: Record) -> None:
    example = Portraits(*record, 64, 3, augmented=False)[0]
    assert np.array_equal(example["labels"], record[0][0, ..., 4])
    skin = example["labels"] == PART["skin"]
    assert np.abs(example["image"][skin].astype(int) - (200, 150, 130)).max() <= 2
    assert example["landmarks"][0] == pytest.approx((32.5 / 64, 32.5 / 64, 1))


def test_backdrops_and_occluders_are_light() -> None:
    rng = np.random.default_rng(1)
    skin = np.full((2, 3), 0.5, np.float32)
    for _ in range(12):
        picture = backdrop(rng, 48, skin)
        assert picture.shape == (48, 48, 3)
        assert 0 <= picture.min() <= picture.max() <= 1
        colours, opacity = occluders(rng, 48, skin)
        assert (colours[opacity == 0] == 0).all()
        assert 0 < opacity.max() <= 1


def test_the_cache_renders_once_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: list[int] = []

    def render(start: int) -> Any:
        rendered.append(start)
        return np.zeros((portrait_cache.PIECE, 8, 8, 5), np.uint8), np.zeros(
            (portrait_cache.PIECE, 8, 3), np.float32
        )

    monkeypatch.setattr(portrait_cache, "_render", render)
    cache, heard = PortraitCache(tmp_path, 100, 60), list[float]()
    with pytest.raises(FileNotFoundError, match="no portraits"):
        cache.load()
    cache.make(least=30)
    cache.make(heard.append)
    assert rendered == [100, 125, 150]
    assert heard == pytest.approx([1 / 3, 2 / 3, 1])
    assert len(cache.load()[0]) == cache.count == 75
