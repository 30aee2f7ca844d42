"""Preview frames and cached stills of one person."""

from pathlib import Path

import numpy as np
import pytest

from phantom import LIGHTS, Stage
from phantom.gate import detect, overlap

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stage")


@pytest.fixture(scope="module")
def stage(cache: Path) -> Stage:
    heard: list[float] = []
    stage = Stage.open(2, cache, 640, 360, heard.append)
    assert heard[0] == 0.0
    assert heard[-1] == 1.0
    assert heard == sorted(heard)
    return stage


def test_frames_move(stage: Stage) -> None:
    first, box = stage.frame(0.0)
    assert first.shape == (360, 640, 3)
    assert first.dtype == np.uint8
    later = [stage.frame(t / 15)[0] for t in range(1, 31)]
    assert not np.array_equal(first, later[-1])
    assert np.array_equal(stage.frame(0.0)[0], first)
    assert box[2] == pytest.approx(162 * 360 / 330, rel=0.05)


def test_the_box_follows_the_face(stage: Stage) -> None:
    frame, box = stage.frame(3.0)
    found = detect(frame)
    assert len(found) == 1
    assert overlap(found[0], box) > 0.55


def test_a_turned_head_is_another_picture_of_the_same_size(stage: Stage) -> None:
    ahead, turned = stage.frame(1.0)[0], stage.frame(1.0, view_yaw=30.0)[0]
    assert turned.shape == ahead.shape
    assert np.abs(turned.astype(int) - ahead).mean() > 2.0
    assert np.array_equal(stage.frame(1.0)[0], ahead)


def test_stills_of_all_lights_register_and_come_back_from_the_cache(stage: Stage, cache: Path) -> None:
    scenes = [stage.still(300, 360, light, view_yaw=30.0) for light in LIGHTS]
    assert all(np.array_equal(s.labels, scenes[0].labels) for s in scenes)
    again = Stage.open(2, cache, 640, 360).still(300, 360, view_yaw=30.0)
    assert np.array_equal(again.linear, scenes[0].linear)
    assert again.truth == scenes[0].truth
    assert again.neutral_tab == scenes[0].neutral_tab
    assert len(list(cache.glob("*300x360*.npz"))) == 1
    assert not list(cache.glob("*.partial"))


def test_a_broken_cache_file_is_rendered_anew(stage: Stage, cache: Path) -> None:
    reference = stage.still(300, 360, view_yaw=30.0)
    for path in cache.glob("*300x360*.npz"):
        path.write_bytes(b"broken")
    again = Stage.open(2, cache, 640, 360).still(300, 360, view_yaw=30.0)
    assert np.array_equal(again.linear, reference.linear)
