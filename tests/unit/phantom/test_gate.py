"""A small run of the face gate; `python -m phantom.gate` is the full one."""

import numpy as np
import pytest

from phantom.gate import detect, overlap, run, table

pytestmark = pytest.mark.unit


@pytest.mark.timeout(400)
def test_renders_count_as_faces() -> None:
    verdicts = run(per_class=3, first_seed=5000)
    assert sum(v.passed for v in verdicts) >= 16, table(verdicts)


def test_a_wall_is_no_face() -> None:
    noise = np.random.default_rng(1).integers(90, 110, (300, 240, 3), dtype=np.uint8)
    assert detect(noise) == []


def test_overlap_of_boxes() -> None:
    assert overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert overlap((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (20, 0, 10, 10)) == 0
