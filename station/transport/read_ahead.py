"""Reads a spooled still in blocks, the next while the last is being sent."""

import asyncio
from collections.abc import AsyncGenerator

from station.protocol import CHUNK_BYTES, StillOffer
from station.transport.spool import Spool

_BLOCK_BYTES = 4 * CHUNK_BYTES


class ReadAhead:
    """Two buffers that every still of a connection is read through.

    Not a mapped file: a disk that fails would end the process with SIGBUS instead of an error about one still.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._buffers = [memoryview(bytearray(_BLOCK_BYTES)) for _ in range(2)]

    async def blocks(self, offer: StillOffer, offset: int) -> AsyncGenerator[memoryview, None]:
        """The bytes from `offset` on in whole chunks but the last; a block holds until the next is asked for.

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
        self._buffers.reverse()
        return asyncio.create_task(self._read(offer, offset, self._buffers[0]))

    async def _read(self, offer: StillOffer, offset: int, buffer: memoryview) -> memoryview:
        return buffer[: await self._spool.read_into(offer.sop_instance_uid, offset, buffer)]
