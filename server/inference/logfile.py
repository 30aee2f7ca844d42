"""A log file that stays small."""

import asyncio
from pathlib import Path
from typing import Final

LIMIT: Final = 1 << 20


class BoundedLog:
    """Appends to `path`; at `limit` bytes the file becomes `<path>.1` and a new one begins."""

    def __init__(self, path: Path, limit: int = LIMIT) -> None:
        self._path = path
        self._limit = limit

    async def copy(self, stream: asyncio.StreamReader) -> None:
        """Write what the stream gives until it ends."""
        while chunk := await stream.read(64 * 1024):
            self.write(chunk)

    def write(self, chunk: bytes) -> None:
        """Append a piece."""
        if self._path.exists() and self._path.stat().st_size + len(chunk) > self._limit:
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        with self._path.open("ab") as file:
            file.write(chunk)
