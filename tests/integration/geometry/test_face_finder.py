"""Faces found by the booth alone, against the phantom's truth."""

from pathlib import Path

import numpy as np
import pytest

from station.geometry import FaceFinder, NotLoadable, SkinNetwork
from station.protocol import Box
from tests.integration.geometry.conftest import HEIGHT, WIDTH, Picture

pytestmark = pytest.mark.integration

PX_PER_MM = HEIGHT / 330


@pytest.mark.parametrize("yaw", [0.0, -45.0, 45.0])
def test_a_face_is_found_with_its_box_and_pose(finder: FaceFinder, picture: Picture, yaw: float) -> None:
    srgb, (x, y, width, height) = picture(yaw)
    found = finder.find(srgb, expected=Box(x, y, width, height))
    assert found is not None
    face = found.face
    assert face.source == "tracked"
    assert len(face.landmarks) == 8
    assert face.pose is not None
    assert face.pose.yaw == pytest.approx(yaw, abs=10)
    assert abs(face.pose.pitch) < 10
    assert abs(face.pose.roll) < 5
    assert face.box.x + face.box.width / 2 == pytest.approx(x + width / 2, abs=14 * PX_PER_MM)
    assert face.box.y + face.box.height / 2 == pytest.approx(y + height / 2, abs=8 * PX_PER_MM)


def test_a_face_is_found_anywhere_and_followed(finder: FaceFinder, picture: Picture) -> None:
    srgb, _ = picture(0.0)
    first = finder.find(srgb)
    assert first is not None
    moved = np.roll(srgb, (6, -15), (0, 1))
    second = finder.follow(np.ascontiguousarray(moved), first)
    assert second is not None
    assert second.face.box.x - first.face.box.x == pytest.approx(-15, abs=4)
    assert second.face.box.y - first.face.box.y == pytest.approx(6, abs=4)


def test_skin_and_parts_are_masks_of_the_picture(finder: FaceFinder, picture: Picture) -> None:
    srgb, box = picture(0.0)
    found = finder.find(srgb)
    assert found is not None
    x, y, width, height = box
    assert found.skin.shape == (HEIGHT, WIDTH)
    assert (
        found.skin[y + height // 2 : y + height * 3 // 4, x + width // 4 : x + 3 * width // 4] > 0
    ).mean() > 0.7
    assert not found.skin[:20].any()
    assert set(found.parts) == {"hair", "glasses"}
    larger = found.scaled(2 * WIDTH, 2 * HEIGHT)
    assert larger.skin.shape == (2 * HEIGHT, 2 * WIDTH)
    assert larger.face.box.width == pytest.approx(2 * found.face.box.width, abs=2)


@pytest.mark.parametrize("level", [0, 105, 255])
def test_an_empty_chair_has_no_face(finder: FaceFinder, level: int) -> None:
    rng = np.random.default_rng(1)
    empty = np.clip(rng.normal(level, 4, (HEIGHT, WIDTH, 3)), 0, 255).astype(np.uint8)
    assert finder.find(empty, expected=Box(220, 80, 180, 180)) is None


def test_a_file_that_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    for content in (None, b"", b"no network" * 50):
        file = tmp_path / "model.onnx"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(NotLoadable, match=r"model\.onnx"):
            SkinNetwork(file)
