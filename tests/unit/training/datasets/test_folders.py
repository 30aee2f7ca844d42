"""Loaders of real data, on small made folders of the same shape."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from phantom.portrait import IGNORE
from phantom.scene import PART
from training.datasets.celebamask import CelebAMask
from training.datasets.ffhq import GradedSkin
from training.datasets.folders import Patches
from training.fit import fit
from training.order import stack
from training.recipe import Stage
from training.recipes import recipe

pytestmark = pytest.mark.unit

Change = Callable[[Path], object]


def _write(path: Path, picture: NDArray[np.uint8]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)
    return path


def _block(side: int, top: int, bottom: int) -> NDArray[np.uint8]:
    mask = np.zeros((side, side), np.uint8)
    mask[top:bottom, side // 4 : 3 * side // 4] = 255
    return mask


@pytest.fixture
def celebamask(tmp_path: Path) -> Path:
    """Pictures of 64 px with masks of 32: skin below hair, a nose, a necklace; the last in the next mask folder."""
    folder = tmp_path / "CelebAMask-HQ"
    for number in (0, 1, 2, 2000):
        _write(folder / f"CelebA-HQ-img/{number}.jpg", np.full((64, 64, 3), 90 + number % 100, np.uint8))
        masks = folder / f"CelebAMask-HQ-mask-anno/{number // 2000}"
        for name, rows in {"skin": (8, 24), "hair": (4, 12), "nose": (14, 18), "neck_l": (26, 28)}.items():
            _write(masks / f"{number:05d}_{name}.png", _block(32, *rows))
    return folder


def test_celebamask_classes_become_parts(celebamask: Path) -> None:
    dataset = CelebAMask(celebamask, "train", side=32)
    example = dataset[0]
    assert example["image"].shape == (32, 32, 3)
    column = example["labels"][:, 16]
    assert column[[2, 6, 10, 16, 22, 27]].tolist() == [
        PART[name] for name in ("background", "hair", "hair", "skin", "skin", "clothing")
    ]
    assert len(dataset) == 3
    assert len(CelebAMask(celebamask, "check", side=32)) == 1


def test_celebamask_is_varied_alike_by_seed_and_index(celebamask: Path) -> None:
    dataset = CelebAMask(celebamask, "train", side=32, augmented=True)
    one, again, other = dataset[1], dataset[1], dataset[4]
    assert np.array_equal(one["image"], again["image"])
    assert not np.array_equal(one["image"], other["image"])
    assert set(np.unique(one["labels"])) <= {*range(len(PART)), IGNORE}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "CelebA-HQ-img").rename(f / "img"), "CelebA-HQ-img: no such folder; --data is"),
        (lambda f: (f / "CelebAMask-HQ-mask-anno").rename(f / "anno"), "mask-anno: no such folder"),
        (lambda f: (f / "CelebA-HQ-img/1.jpg").rename(f / "CelebA-HQ-img/anna.jpg"), "named by their number"),
        (lambda f: [p.unlink() for p in f.glob("*/*/*_skin.png")], "_skin.png: missing"),
        (lambda f: [p.write_bytes(b"no") for p in f.glob("*/*.jpg")], "not a readable picture"),
        (lambda f: [_write(p, _block(16, 0, 8)) for p in f.glob("*/*/*_hair.png")], "export it again"),
    ],
)
def test_celebamask_says_what_is_wrong(celebamask: Path, change: Change, said: str) -> None:
    change(celebamask)
    with pytest.raises(ValueError, match=said):
        CelebAMask(celebamask, "train", side=32)[0]


@pytest.fixture
def graded(tmp_path: Path) -> Path:
    folder = tmp_path / "faces"
    lines = ["file,grade,person,gender,illumination"]
    for number in range(8):
        _write(folder / f"{number:05d}.png", np.full((60, 40, 3), 100 + 10 * number, np.uint8))
        lines.append(f"{number:05d}.png,{number % 4},p{number // 2},{'' if number == 3 else number % 2},0")
    (folder / "grades.csv").write_text("\n".join(lines))
    return folder


def test_grades_become_severity_and_acne(graded: Path) -> None:
    both = [GradedSkin(graded, "train"), GradedSkin(graded, "check")]
    assert [len(each) for each in both] == [6, 2]  # two pictures a person
    examples = {int(e["image"][0, 0, 0]): e for each in both for e in (each[i] for i in range(len(each)))}
    assert [int(examples[100 + 10 * n]["grade"]) for n in range(8)] == [0, 1, 2, 3] * 2
    assert [int(examples[100 + 10 * n]["acne"]) for n in range(8)] == [0, 1, 1, 1] * 2
    assert [int(examples[100 + 10 * n]["gender"]) for n in range(8)] == [0, 1, 0, -1, 0, 1, 0, 1]
    assert set(examples[100]) == {"image", "grade", "acne", "gender", "illumination"}
    assert examples[100]["image"].shape == (224, 224, 3)


def test_a_mirrored_face_is_lit_from_the_other_side(graded: Path) -> None:
    varied = GradedSkin(graded, "train", augmented=True)
    assert {int(varied[index]["illumination"]) for index in range(12)} == {0, 2}


def test_masks_crop_the_skin(graded: Path) -> None:
    mask = np.zeros((60, 40), np.uint8)
    mask[20:40, 10:20] = 255
    for path in graded.glob("*.png"):
        _write(graded / "masks" / path.name, mask)
    image = GradedSkin(graded, "train")[0]["image"]
    assert image[112, 112].all()
    assert not image[112, 20].any()  # the square is wider than the mask
    assert image[2, 112].all()
    (next((graded / "masks").iterdir())).unlink()
    with pytest.raises(ValueError, match="no mask of"):
        GradedSkin(graded, "train")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("name,grade\n00000.png,1", "no column file"),
        ("file,grade\nnobody.png,1", "line 2: no picture 'nobody.png'"),
        ("file,grade\n00000.png,7", "line 2: grade '7'; it has to be one of 0, 1, 2, 3, 4"),
        (
            "file,grade,gender\n00000.png,1,female",
            "line 2: gender 'female'; a class number from 0, or nothing",
        ),
        (
            "file,grade,illumination\n00000.png,1,3",
            "illumination '3'; a class number from 0 to 2, or nothing",
        ),
        ("file,grade\n00000.png,1\n00000.png,2", "00000.png has two rows"),
        ("file,grade\n", "no rows"),
        ("file,grade\n00000.png,1", "at least two"),
    ],
)
def test_the_table_says_what_is_wrong(graded: Path, table: str, said: str) -> None:
    (graded / "grades.csv").write_text(table)
    with pytest.raises(ValueError, match=said):
        GradedSkin(graded, "train")


def test_one_table_is_needed(graded: Path) -> None:
    (graded / "more.csv").write_text("file,grade\n")
    with pytest.raises(ValueError, match="holds 2 CSV tables"):
        GradedSkin(graded, "train")


@pytest.fixture
def patches(tmp_path: Path) -> Path:
    folder = tmp_path / "patches"
    for number in range(4):
        for light, value in (("parallel_polarised", 120), ("cross_polarised", 80)):
            _write(folder / f"images/{light}/{number}.png", np.full((150, 160, 3), value, np.uint8))
        _write(folder / f"masks/melanin/{number}.png", np.full((150, 160), 255, np.uint8))
        _write(folder / f"intensity/melanin/{number}.png", np.full((150, 160), 51, np.uint8))
    for number in range(3):
        _write(folder / f"masks/pore/{number}.png", np.zeros((150, 160), np.uint8))
    return folder


def test_patches_with_masks_and_intensity(patches: Path) -> None:
    both = [Patches(patches, "train"), Patches(patches, "check")]
    examples = [each[index] for each in both for index in range(len(each))]
    assert len(examples) == 4
    for example in examples:
        assert example["image"].shape == (144, 144, 6)
        assert example["image"][0, 0].tolist() == [120] * 3 + [80] * 3
        assert example["area"].mean((1, 2)).tolist() == [1, 0, 0, 0]
        assert example["intensity"][0].mean() == pytest.approx(0.6)
        assert bool(example["measured"])
    assert sorted(example["known"].mean((1, 2)).tolist() for example in examples) == [
        [1, 0, 0, 0],  # its pores have no file: nobody looked
        *[[1, 0, 0, 1]] * 3,
    ]


def test_one_light_stands_for_both(patches: Path) -> None:
    for path in (patches / "images/cross_polarised").iterdir():
        path.rename(patches / "images" / path.name)
    (patches / "images/cross_polarised").rmdir()
    for path in (patches / "images/parallel_polarised").iterdir():
        path.unlink()
    (patches / "images/parallel_polarised").rmdir()
    assert Patches(patches, "train")[0]["image"][0, 0].tolist() == [80] * 6


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "masks").rename(f / "mask"), "masks: no such folder"),
        (lambda f: (f / "masks/pore").rename(f / "masks/pores"), "pores: not an item; the items are melanin"),
        (lambda f: (f / "images/cross_polarised/1.png").unlink(), "1 is there in one light only"),
        (lambda f: [_write(p, _block(90, 0, 9)) for p in f.glob("masks/*/*")], "they have to be of one size"),
        (lambda f: [_write(p, np.ones((90, 90, 3), np.uint8)) for p in f.glob("images/*/*")], "smaller than"),
    ],
)
def test_patches_say_what_is_wrong(patches: Path, change: Change, said: str) -> None:
    change(patches)
    with pytest.raises(ValueError, match=said):
        Patches(patches, "train")[0]


@pytest.mark.parametrize(
    ("name", "shape", "width"),
    [
        ("skin_segmenter", "celebamask", 0.1),
        ("skin_items", "patches", 0.1),
        ("acne_classifier", "graded", 0.1),
    ],
)
def test_a_recipe_trains_on_its_folder(
    name: str, shape: str, width: float, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data: Path = request.getfixturevalue(shape)
    torch.manual_seed(0)
    made = recipe(name)
    made.batch_size = 2
    heard: list[str] = []
    fit(
        made,
        folder=tmp_path / "run",
        data=data,
        images=4,
        width=width,
        progress=lambda p: heard.append(p.stage),
    )
    assert set(heard) == {stage.name for stage in made.stages}


def test_examples_of_a_folder_stack(graded: Path) -> None:
    stage = Stage("augmented", 8, 1e-3, augmented=True)
    dataset = recipe("acne_classifier").dataset("train", stage, 0, graded)
    assert stack([dataset[0], dataset[1]])["image"].shape == (2, 224, 224, 3)
