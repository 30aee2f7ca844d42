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
