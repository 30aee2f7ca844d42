"""System shared memory for requests: one region registered with the server once, cut into slots."""

import asyncio
import contextlib
import mmap
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from tritonclient.utils import InferenceServerException

_FOLDER: Final = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory lives on Linux
_ALIGNMENT: Final = 64
_OWNED: Final = re.compile(r"dermabooth-(\d+)-[0-9a-f]{8}")

SLOT_BYTES: Final = 2 << 20
SLOTS: Final = 8
"""A container has 64 MiB of shared memory by default, which Triton's backends use as well."""


class Slot:
    """A piece of the region held by one request; given back when the `with` block ends."""

    def __init__(self, ring: "SharedMemoryRing", region: "_Region", index: int) -> None:
        self.ring = ring
        self.region = region.name
        self._held = region
        self._index = index
        self._start = index * SLOT_BYTES
        self._used = 0

    def __enter__(self) -> "Slot":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.free.append(self._index)

    def put(self, array: np.ndarray[Any, Any]) -> int:
        """Copy an array in, behind those before it; its offset in the region, bytes. What is put must fit the slot."""
        offset = self._start + self._used
        view = np.ndarray(array.shape, array.dtype, buffer=self._held.memory, offset=offset)
        view[...] = array
        self._used += -(-array.nbytes // _ALIGNMENT) * _ALIGNMENT
        return offset


class _Region:
    """A region of shared memory with its free slots."""

    def __init__(self, name: str, memory: mmap.mmap) -> None:
        self.name = name
        self.memory = memory
        self.free = list(range(SLOTS))


class SharedMemoryRing:
    """Hands out slots; None where shared memory does not work, so that the caller uses the message instead."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        self._region: _Region | None = None
        self._refused = False
        self._opening = asyncio.Lock()

    async def take(self, size: int) -> Slot | None:
        """A slot for `size` bytes, or None if it is too large, all are taken or the server refused the region."""
        if size > SLOT_BYTES - 16 * _ALIGNMENT or self._refused:
            return None
        async with self._opening:
            if self._region is None and not self._refused:
                self._region = await self._open()
                self._refused = self._region is None
        region = self._region
        if region is None or not region.free:
            return None
        return Slot(self, region, region.free.pop())

    def forget(self, region: str) -> None:
        """The server does not know that region: make a new one for the next request."""
        if self._region is not None and self._region.name == region:
            self._region = None

    async def close(self) -> None:
        """Tell the server to let the region go."""
        region, self._region, self._refused = self._region, None, True
        if region is not None:
            with contextlib.suppress(InferenceServerException):
                await self._channel.unregister_system_shared_memory(region.name, client_timeout=2.0)

    async def _open(self) -> _Region | None:
        """Make and register a region. Its name is removed at once: nothing stays behind if this process is killed."""
        name = f"dermabooth-{os.getpid()}-{secrets.token_hex(4)}"
        try:
            await self._drop_abandoned()
            with _created(name, SLOTS * SLOT_BYTES) as memory:
                await self._channel.register_system_shared_memory(
                    name, f"/{name}", SLOTS * SLOT_BYTES, client_timeout=2.0
                )
        except OSError:
            return None
        except InferenceServerException as error:
            if "UNAVAILABLE" in (error.status() or ""):
                raise
            return None
        return _Region(name, memory)

    async def _drop_abandoned(self) -> None:
        """Let the server unmap the regions of clients that were killed.

        One that only looks dead, being in another container, makes itself a new region (`forget`).
        """
        status = await self._channel.get_system_shared_memory_status(client_timeout=2.0)
        for name in status.regions:
            owner = _OWNED.match(name)
            if owner and not _runs(owner[1]):
                await self._channel.unregister_system_shared_memory(name, client_timeout=2.0)


def _runs(pid: str) -> bool:
    return Path("/proc", pid).exists()


@contextlib.contextmanager
def _created(name: str, size: int) -> Iterator[mmap.mmap]:
    """Memory with a name that lasts as long as the block."""
    path = _FOLDER / name
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        # Allocated, not only sized: a full file system is an error here and not a bus error later.
        os.posix_fallocate(handle, 0, size)
        yield mmap.mmap(handle, size)
    finally:
        os.close(handle)
        path.unlink()
