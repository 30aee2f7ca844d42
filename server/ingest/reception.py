"""A still's bytes between the wire and its file: checked, credited, written behind."""

import asyncio
from collections.abc import Callable

import zmq

from server.ingest.admission import Admitted
from server.ingest.disk import DiskThreads
from server.ingest.incoming import Incoming
from server.ingest.refusal import Turned
from station.protocol import CHUNK_BYTES, CREDIT, ErrorCode, StillChunk

BACKLOG = 3 * CREDIT
"""Chunks that may wait to be written before credit is held back."""
_BATCH = CREDIT // 2
"""Chunks that are credited and written at once; as many more are under way meanwhile."""


class Reception:
    """Takes the chunks of one still; `write` runs beside it until the last is in the file."""

    def __init__(
        self, admitted: Admitted, file: Incoming, disk: DiskThreads, credit: Callable[[int], None]
    ) -> None:
        self.admitted = admitted
        self.uid = admitted.offer.sop_instance_uid
        self.next_offset = file.received
        self._file = file
        self._size = admitted.offer.size
        self._disk = disk
        self._credit = credit
        self._backlog: list[zmq.Frame] = []
        self._granted = CREDIT
        self._owed = 0
        self._arrived = asyncio.Event()

    @property
    def complete(self) -> bool:
        """Whether every byte has come in, written or not."""
        return self.next_offset == self._size

    def take(self, chunk: StillChunk, data: zmq.Frame) -> None:
        """Take the next chunk; raises `Turned` for any other."""
        due = min(CHUNK_BYTES, self._size - self.next_offset)
        if (chunk.offset, len(data)) != (self.next_offset, due):
            text = f"chunk of {len(data)} bytes at {chunk.offset}; {due} at {self.next_offset} were due"
            raise Turned(ErrorCode.UNEXPECTED, text)
        if self._granted == 0:
            raise Turned(ErrorCode.UNEXPECTED, "more chunks than there was credit for")
        self.next_offset += due
        self._granted -= 1
        self._owed += 1
        self._backlog.append(data)
        if len(self._backlog) >= _BATCH or self.complete:
            self._arrived.set()
        self._give_credit()

    def _give_credit(self) -> None:
        """Let the booth send as many more as were taken, unless the disk falls behind."""
        if self._owed >= _BATCH and not self.complete and len(self._backlog) <= BACKLOG:
            owed, self._owed = self._owed, 0
            self._granted += owed
            self._credit(owed)

    async def write(self) -> None:
        """Write what comes in until it is all; raises `StorageFull`."""
        while not self._file.complete:
            await self._arrived.wait()
            self._arrived.clear()
            batch, self._backlog = self._backlog, []
            await self._disk.run(_append, self._file, batch)
            self._give_credit()


def _append(file: Incoming, chunks: list[zmq.Frame]) -> None:
    file.append([memoryview(chunk.buffer) for chunk in chunks])
