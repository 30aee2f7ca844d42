"""Regions of a face."""

import numpy as np
import pytest

from server.analysis import face_regions
from server.analysis.regions import OUTLINES, skin_view
from station.protocol import Box, Face

pytestmark = pytest.mark.unit

FACE = Face(box=Box(60, 40, 200, 200))
SHAPE = (320, 320)


def everywhere() -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.full(SHAPE, 255, np.uint8)


def test_every_region_lies_in_the_face_and_on_its_side() -> None:
    regions = face_regions(FACE, everywhere(), SHAPE)
    assert list(regions) == list(OUTLINES)
    middle = FACE.box.x + FACE.box.width / 2
    for name, mask in regions.items():
        assert mask.shape == SHAPE
        assert mask.dtype == bool
        across = np.argwhere(mask)[:, 1].mean() - middle
        side = name.split("_")[0]
        assert across > 20 if side == "left" else across < -20 if side == "right" else abs(across) < 3


def test_a_region_is_the_skin_within_its_outline() -> None:
    skin = everywhere()
    skin[:, : 60 + 100] = 0
    regions = face_regions(FACE, skin, SHAPE)
    assert not any((mask & (skin == 0)).any() for mask in regions.values())
    assert "right_cheek" not in regions
    assert "left_cheek" in regions


def test_without_skin_there_is_nothing_to_see() -> None:
    assert face_regions(FACE, np.zeros(SHAPE, np.uint8), SHAPE) == {}
    assert skin_view(FACE, np.zeros(SHAPE, np.uint8)) is None
    assert skin_view(None, np.zeros(SHAPE, np.uint8)) is None


def test_a_face_beyond_the_edge_is_cut() -> None:
    regions = face_regions(Face(box=Box(-80, -60, 200, 200)), everywhere(), SHAPE)
    assert "left_cheek" in regions
    assert "forehead" not in regions


def test_a_large_face_is_measured_on_a_reduced_copy_in_step() -> None:
    skin = np.full((1500, 1500), 255, np.uint8)
    view = skin_view(Face(box=Box(101, 103, 1283, 1283)), skin)
    assert view is not None
    assert view.face_width == pytest.approx(640)
    assert view.cut(skin).shape == view.everything.shape
    full = view.spread(view.regions["nose"], 1500, 1500)
    share = full.sum() / face_regions(Face(box=Box(101, 103, 1283, 1283)), skin, (1500, 1500))["nose"].sum()
    assert share == pytest.approx(1, abs=0.02)
