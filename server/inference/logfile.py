"""A log file that stays small."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

LIMIT: Final = 1 << 20


class BoundedLog:
    """Appends to `path`; at `limit` bytes the file becomes `<path>.1` and a new one begins."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[int]:
        """A descriptor whose output goes into the file; for one process and its children.

        A pipe of our own: asyncio's ends `Process.wait` only when all children have closed it too.
        """
        source, sink = os.pipe()
        loop = asyncio.get_running_loop()
        os.set_blocking(source, False)
        loop.add_reader(source, self._take, loop, source)
        try:
            yield sink
        finally:
            os.close(sink)
            self._take(loop, source)
            loop.remove_reader(source)
            os.close(source)

    def write(self, chunk: bytes) -> None:
        """Append a piece; what does not fit on the disk is dropped, because its writer must go on."""
        with contextlib.suppress(OSError):
            self._append(chunk)

    def _append(self, chunk: bytes) -> None:
        if self._path.exists() and self._path.stat().st_size + len(chunk) > self._limit:
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        with self._path.open("ab") as file:
            file.write(chunk)

    def _take(self, loop: asyncio.AbstractEventLoop, source: int) -> None:
        with contextlib.suppress(BlockingIOError):
            chunk = os.read(source, 64 * 1024)
            if chunk:
                self.write(chunk)
            else:
                loop.remove_reader(source)
