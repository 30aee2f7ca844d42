"""The body of a STOW-RS request, wherever its sending ends."""

import asyncio
import contextlib
from pathlib import Path

import psutil
import pytest

from server.outbox.destinations.multipart import Multipart

pytestmark = pytest.mark.unit


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    made = [tmp_path / f"{number}.dcm" for number in range(3)]
    for number, path in enumerate(made):
        path.write_bytes(bytes([number]) * (300_000 + number))
    return made


async def test_every_file_is_whole_in_a_part_of_its_own(paths: list[Path]) -> None:
    body = Multipart(paths)
    whole = b"".join([piece async for piece in body.pieces()])
    assert len(whole) == body.size()
    boundary = body.content_type.rpartition("=")[2].encode()
    parts = whole.split(b"--" + boundary)[1:-1]
    assert [part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n") for part in parts] == [
        path.read_bytes() for path in paths
    ]


async def test_no_file_is_open_between_two_pieces(paths: list[Path]) -> None:
    ours = {str(path) for path in paths}
    pieces = Multipart(paths).pieces()
    async for _ in pieces:
        assert not ours & {one.path for one in psutil.Process().open_files()}


async def test_nothing_stays_open_when_sending_is_cancelled_while_a_file_is_read(paths: list[Path]) -> None:
    async def send() -> None:
        async for _ in Multipart(paths).pieces():
            await asyncio.sleep(0)

    for steps in range(12):
        task = asyncio.create_task(send())
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    await asyncio.to_thread(lambda: None)
