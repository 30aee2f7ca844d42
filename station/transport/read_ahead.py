"""Reads a spooled still in blocks, the next while the last is being sent."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from station.protocol import CHUNK_BYTES, CREDIT, StillOffer
from station.transport.spool import Spool

_BLOCK_CHUNKS = CREDIT // 2
_BLOCKS = 4
"""A block is read while the one before is sent, and the credit covers two more that may not have left."""


class ReadAhead:
    """Buffers that every still of a connection is read through.

    A buffer is used again only after the server has given credit for what was in it, so it may be sent uncopied.
    Not a mapped file: a disk that fails would end the process with SIGBUS instead of an error about one still.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._buffers = deque(memoryview(bytearray(_BLOCK_CHUNKS * CHUNK_BYTES)) for _ in range(_BLOCKS))

    async def blocks(self, offer: StillOffer, offset: int) -> AsyncGenerator[memoryview, None]:
        """The bytes from `offset` on in whole chunks but the last; at most `CREDIT` chunks may be without credit.

        Close it when done (`contextlib.aclosing`). Raises `SpoolDamaged`.
        """
        ahead: asyncio.Task[memoryview] | None = self._start(offer, offset)
        try:
            while ahead is not None:
                block = await ahead
                offset += len(block)
                ahead = self._start(offer, offset) if offset < offer.size else None
                yield block
        finally:
            if ahead is not None:
                ahead.cancel()
                await asyncio.wait([ahead])
                if not ahead.cancelled():
                    ahead.exception()

    def _start(self, offer: StillOffer, offset: int) -> "asyncio.Task[memoryview]":
        self._buffers.rotate()
        return asyncio.create_task(self._read(offer, offset, self._buffers[0]))

    async def _read(self, offer: StillOffer, offset: int, buffer: memoryview) -> memoryview:
        return buffer[: await self._spool.read_into(offer.sop_instance_uid, offset, buffer)]
