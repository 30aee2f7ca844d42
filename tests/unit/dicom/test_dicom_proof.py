"""An archived photo is decoded again by a program of its own."""

import asyncio
import hashlib
import time
from pathlib import Path

import psutil
import pytest

from server.dicom import build_photo, proof, prove_photo, write
from server.errors import BadImage
from tests.fixtures.dicom_objects import description, picture

pytestmark = pytest.mark.unit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write(build_photo(description(), picture()), tmp_path / "photo.dcm")
    return tmp_path / "photo.dcm"


async def test_it_gives_the_hash_of_the_picture(path: Path) -> None:
    assert await prove_photo(path) == hashlib.sha256(picture().data).hexdigest()


@pytest.fixture
def damaged(path: Path) -> Path:
    data = bytearray(path.read_bytes())
    data[-3000:-2000] = bytes(1000)
    path.write_bytes(data)
    return path


async def test_a_damaged_photo_proves_nothing(damaged: Path) -> None:
    try:
        assert await prove_photo(damaged) != hashlib.sha256(picture().data).hexdigest()
    except BadImage as refused:
        assert "photo.dcm" in str(refused)  # noqa: PT017  either is right


async def test_the_event_loop_goes_on(path: Path) -> None:
    proving = asyncio.create_task(prove_photo(path))
    longest, last = 0.0, time.thread_time()
    while not proving.done():
        await asyncio.sleep(0.001)
        longest, last = max(longest, time.thread_time() - last), time.thread_time()
    assert await proving
    assert longest < 0.1


async def test_a_cancelled_or_late_proof_leaves_no_program(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set(psutil.Process().children())
    proving = asyncio.create_task(prove_photo(path))
    while not set(psutil.Process().children()) - before:
        await asyncio.sleep(0.005)
    proving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await proving
    monkeypatch.setattr(proof, "TIME_LIMIT_S", 0.0)
    with pytest.raises(TimeoutError):
        await prove_photo(path)
    assert set(psutil.Process().children()) <= before
