"""The list of steps: each is done by something, and the page that explains it names them all."""

import re
from pathlib import Path

import pytest

from server.pipeline import STEPS
from server.pipeline.object_steps import OBJECT_STEPS
from server.pipeline.trained_steps import TRAINED

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "architecture.md"


def test_no_step_stands_twice() -> None:
    assert len(set(STEPS)) == len(STEPS)
    assert set(TRAINED) | set(OBJECT_STEPS) < set(STEPS)


def test_the_page_names_the_steps_in_their_order() -> None:
    section = PAGE.read_text().split("## A still's steps")[1].split("What does them")[0]
    named = [name for name in re.findall(r"`(\w+)`", section) if name in STEPS]
    assert named == list(STEPS)
