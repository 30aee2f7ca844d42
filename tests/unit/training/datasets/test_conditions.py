"""Pictures of skin with a table of conditions, some of which nobody looked for."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from phantom.swatch import CONDITIONS
from training.datasets.conditions import ConditionPictures
from training.fit import fit
from training.order import stack
from training.recipes.skin_conditions import SkinConditions

pytestmark = pytest.mark.unit

HEADER = ",".join(("file", "person", *CONDITIONS))


def row(name: str, *labels: str, person: str = "") -> str:
    return ",".join((name, person, *(labels[i] if i < len(labels) else "" for i in range(len(CONDITIONS)))))


@pytest.fixture
def skin(tmp_path: Path) -> Path:
    """Six pictures of three people; melasma of the last is unknown, and so is what stands behind it."""
    folder = tmp_path / "skin"
    folder.mkdir()
    rows = [HEADER]
    for number in range(6):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((256, 256, 3), 100 + 10 * number, np.uint8))
        last = "" if number == 5 else str(number % 2)
        rows.append(row(f"{number}.png", "1", "0", last, person=f"p{number // 2}"))
    (folder / "conditions.csv").write_text("\n".join(rows))
    return folder


def test_labels_are_present_absent_or_unknown(skin: Path) -> None:
    both = [ConditionPictures(skin, "train"), ConditionPictures(skin, "check")]
    assert [len(each) for each in both] == [4, 2]
    examples = {int(e["image"][0, 0, 0]): e for each in both for e in (each[i] for i in range(len(each)))}
    assert examples[110]["image"].shape == (224, 224, 3)
    assert examples[110]["conditions"].tolist() == [1, 0, 1, 0, 0, 0, 0, 0]
    assert examples[110]["known"].tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert examples[150]["known"].tolist() == [1, 1, 0, 0, 0, 0, 0, 0]


def test_pictures_are_varied_by_seed_and_index_in_training_only(skin: Path) -> None:
    varied = ConditionPictures(skin, "train", augmented=True)
    assert np.array_equal(varied[1]["image"], varied[1]["image"])
    assert not np.array_equal(varied[1]["image"], varied[5]["image"])
    plain, check = (ConditionPictures(skin, "check", augmented=each)[0] for each in (False, True))
    assert np.array_equal(plain["image"], check["image"])


def test_what_is_unknown_teaches_nothing(skin: Path) -> None:
    recipe = SkinConditions()
    dataset = ConditionPictures(skin, "train")
    batch = stack([dataset[0], dataset[1]])
    torch.manual_seed(0)
    network = recipe.network(0.0625).eval()
    loss, parts = recipe.loss(network, batch)
    other = batch | {
        "conditions": torch.where(batch["known"] > 0, batch["conditions"], 1 - batch["conditions"])
    }
    assert set(parts) == {"conditions"}
    assert torch.equal(recipe.loss(network, other)[0], loss)
    assert recipe.check(network, other) == recipe.check(network, batch)
    changed = batch | {"conditions": 1 - batch["conditions"]}
    assert not torch.equal(recipe.loss(network, changed)[0], loss)


def test_the_recipe_trains_on_the_folder(skin: Path, tmp_path: Path) -> None:
    recipe, heard = SkinConditions(), set[str]()
    recipe.batch_size = 2
    fit(
        recipe,
        folder=tmp_path / "run",
        data=skin,
        images=4,
        width=0.0625,
        progress=lambda p: heard.add(p.stage),
    )
    assert heard == {"plain", "augmented"}


def narrow(folder: Path) -> None:
    for path in folder.glob("*.png"):
        cv2.imwrite(str(path), np.zeros((256, 230, 3), np.uint8))


def small(folder: Path) -> None:
    for path in folder.glob("*.png"):
        cv2.imwrite(str(path), np.zeros((200, 200, 3), np.uint8))


def written(*rows: str) -> Callable[[Path], object]:
    return lambda folder: (folder / "conditions.csv").write_text("\n".join(rows))


def latin(folder: Path) -> None:
    (folder / "conditions.csv").write_bytes("file,größe\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (written("file,dryness\n0.png,1"), "no column texture"),
        (
            written(HEADER, row("0.png", "yes"), row("1.png", "1")),
            "line 2: dryness 'yes'; a class number from 0 to 1",
        ),
        (written(HEADER, row("0.png"), row("1.png")), "conditions are all empty"),
        (written(HEADER, row("9.png", "1")), "line 2: no picture '9.png'"),
        (latin, r"conditions\.csv is not UTF-8 text: save it as UTF-8"),
        (narrow, "is 230 x 256 px; squares of 37 mm of skin"),
        (small, "is 200 x 200 px; squares of 37 mm of skin"),
    ],
)
def test_the_folder_says_what_is_wrong(skin: Path, change: Callable[[Path], object], said: str) -> None:
    change(skin)
    with pytest.raises(ValueError, match=said):
        ConditionPictures(skin, "train")[0]
