from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from server.api.renditions import Renditions
from server.errors import BadImage

pytestmark = pytest.mark.unit


@pytest.fixture
def renditions() -> Iterator[Renditions]:
    made = Renditions(memory=200_000)
    yield made
    made.close()
    made.close()


def picture(path: Path, width: int, height: int, seed: int = 0) -> Path:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    path.write_bytes(cv2.imencode(path.suffix, noise)[1].tobytes())
    return path


def size(data: bytes) -> tuple[int, int]:
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert decoded is not None
    return decoded.shape[1], decoded.shape[0]


@pytest.mark.parametrize(("asked", "given"), [(1, 320), (320, 320), (321, 640), (9999, 800)])
async def test_the_next_width_is_made_and_never_a_larger_picture(
    renditions: Renditions, tmp_path: Path, asked: int, given: int
) -> None:
    found = await renditions.get(picture(tmp_path / "a.png", 800, 400), asked)
    assert found is not None
    assert size(found.data) == (given, given // 2)


async def test_a_missing_file_is_none_and_a_broken_one_is_said(
    renditions: Renditions, tmp_path: Path
) -> None:
    assert await renditions.get(tmp_path / "none.jpg", 320) is None
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(BadImage, match=r"broken\.jpg"):
        await renditions.get(tmp_path / "broken.jpg", 320)


async def test_the_etag_changes_with_the_file(renditions: Renditions, tmp_path: Path) -> None:
    path = picture(tmp_path / "a.jpg", 640, 640)
    first = await renditions.get(path, 320)
    again = await renditions.get(path, 320)
    assert again is first
    picture(path, 700, 640, seed=1)
    changed = await renditions.get(path, 320)
    assert first is not None
    assert changed is not None
    assert first.etag != changed.etag


async def test_memory_is_bounded(renditions: Renditions, tmp_path: Path) -> None:
    for number in range(12):
        await renditions.get(picture(tmp_path / f"{number}.png", 320, 200, number), 320)
    assert sum(len(one.data) for one in renditions._kept.values()) <= 200_000


async def test_a_part_is_cut_out_of_the_full_picture(renditions: Renditions, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    values = np.zeros((400, 800), np.uint8)
    values[100:300, 200:400] = 200
    path.write_bytes(cv2.imencode(".png", values)[1].tobytes())
    whole = await renditions.get(path, 800)
    part = await renditions.get(path, 800, (0.25, 0.25, 0.5, 0.75))
    assert whole is not None
    assert part is not None
    assert whole.etag != part.etag
    assert size(part.data) == (200, 200)
    cut = cv2.imdecode(np.frombuffer(part.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert cut is not None
    assert cut.min() == 200


@pytest.mark.parametrize("part", [(0.0, 0.0, 0.0, 0.0), (0.999, 0.999, 1.0, 1.0)])
async def test_the_smallest_part_has_a_pixel(
    renditions: Renditions, tmp_path: Path, part: tuple[float, float, float, float]
) -> None:
    found = await renditions.get(picture(tmp_path / "a.png", 100, 100), 320, part)
    assert found is not None
    assert size(found.data) == (1, 1)


@pytest.mark.parametrize(("full", "wide"), [(1280, 320), (900, 320), (6000, 1600)])
async def test_marks_outlive_scaling_down(
    renditions: Renditions, tmp_path: Path, full: int, wide: int
) -> None:
    values = np.zeros((full // 10, full), np.uint8)
    places = np.random.default_rng(1).integers(8, full - 8, 40)
    values[full // 20, places] = 200
    path = tmp_path / "a.png"
    path.write_bytes(cv2.imencode(".png", values)[1].tobytes())
    found = await renditions.get(path, wide, keep_marks=True)
    assert found is not None
    small = cv2.imdecode(np.frombuffer(found.data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert small is not None
    rows = small.max(axis=0)
    assert all(rows[max(0, x * wide // full - 1) : x * wide // full + 2].max() == 200 for x in places)
