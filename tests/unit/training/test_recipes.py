"""Every recipe is whole: what the trainer and the exporter ask of it, it answers."""

import subprocess
import sys

import pytest

from training.recipes import NAMES, recipe

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_found_by_its_name(name: str) -> None:
    found = recipe(name)
    assert found.name == name
    assert found.default_width > 0
    assert found.stages[0].augmented is False


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(ValueError, match="skin_segmenter, skin_items"):
        recipe("eyes")


def test_the_names_are_there_without_torch() -> None:
    said = "import sys; from training.recipes import NAMES; print(len(NAMES), 'torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", said], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["5", "False"]
