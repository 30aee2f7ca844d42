"""Credit follows what is taken, stops when the disk falls behind, and is not exceeded."""

import asyncio
import hashlib
from pathlib import Path

import msgspec
import pytest
import zmq

from server.ingest.admission import Admitted
from server.ingest.disk import DiskThreads
from server.ingest.incoming import Incoming
from server.ingest.reception import BACKLOG, Reception
from server.ingest.refusal import Turned
from station.protocol import CHUNK_BYTES, CREDIT, Encoding, FrameHeader, StillChunk, StillOffer

pytestmark = pytest.mark.unit

CHUNKS = 60
DATA = bytes(CHUNKS * CHUNK_BYTES)
OFFER = StillOffer(
    sop_instance_uid="1.2.3",
    series_instance_uid="1.2.4",
    study_instance_uid="1.2.5",
    series_number=1,
    instance_number=1,
    header=FrameHeader(frame_id=0, width=1024, height=1024),
    encoding=Encoding.RAW,
    size=len(DATA),
    sha256=hashlib.sha256(DATA).hexdigest(),
)


def take(reception: Reception) -> None:
    chunk = StillChunk(sop_instance_uid="1.2.3", offset=reception.next_offset)
    reception.take(chunk, zmq.Frame(bytes(CHUNK_BYTES)))


def opened(folder: Path, disk: DiskThreads, granted: list[int]) -> tuple[Reception, Incoming]:
    file = Incoming.resume(folder / "incoming", OFFER)
    admitted = Admitted("booth-1", OFFER, file, asyncio.Event())
    return Reception(admitted, file, disk, granted.append), file


async def test_credit_stops_with_the_disk_and_what_exceeds_it_is_refused(tmp_path: Path) -> None:
    granted: list[int] = []
    disk = DiskThreads(1)
    reception, file = opened(tmp_path, disk, granted)
    taken = 0
    while taken < CREDIT + sum(granted):
        take(reception)
        taken += 1
    assert BACKLOG < taken <= BACKLOG + 2 * CREDIT
    with pytest.raises(Turned, match="credit"):
        take(reception)
    file.close()
    disk.close()


async def test_a_still_taken_at_the_disks_pace_never_waits_for_credit(tmp_path: Path) -> None:
    granted: list[int] = []
    disk = DiskThreads(1)
    reception, file = opened(tmp_path, disk, granted)
    writing = asyncio.create_task(reception.write())
    for taken in range(CHUNKS):
        async with asyncio.timeout(30):
            while CREDIT + sum(granted) == taken:
                await asyncio.sleep(0)
        take(reception)
        await asyncio.sleep(0)
    await asyncio.wait_for(writing, 30)
    assert file.is_whole()
    file.close()
    disk.close()


async def test_what_was_left_is_continued_and_longer_or_other_files_are_not_trusted(tmp_path: Path) -> None:
    partial = tmp_path / f"incoming.{OFFER.sha256[:16]}"
    for left, kept in (
        (0, 0),
        (10, 0),
        (CHUNK_BYTES + 1, CHUNK_BYTES),
        (len(DATA), len(DATA)),
        (len(DATA) + 1, 0),
    ):
        partial.write_bytes(bytes(left))
        file = Incoming.resume(tmp_path / "incoming", OFFER)
        assert file.received == kept
        file.append([memoryview(DATA)[kept:]])
        assert file.is_whole()
        file.discard()
        assert not partial.exists()
    other = msgspec.structs.replace(OFFER, sha256="0" * 64)
    partial.write_bytes(bytes(left))
    file = Incoming.resume(tmp_path / "incoming", other)
    assert file.received == 0
    file.close()
