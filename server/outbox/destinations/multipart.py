"""The body of a STOW-RS request (PS3.18 section 10.5.1): files, one after the other, a piece at a time in memory."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

_PIECE = 262_144
_PART = "--{}\r\nContent-Type: application/dicom\r\n\r\n"


class Multipart:
    """DICOM files as multipart/related."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._boundary = secrets.token_hex(16)
        self._head = _PART.format(self._boundary).encode()
        self._tail = f"--{self._boundary}--\r\n".encode()

    @property
    def content_type(self) -> str:
        """The header that goes with it."""
        return f'multipart/related; type="application/dicom"; boundary={self._boundary}'

    def size(self) -> int:
        """Bytes of the whole body; raises `OSError`."""
        files = sum(path.stat().st_size for path in self._paths)
        return files + len(self._paths) * (len(self._head) + 2) + len(self._tail)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body; raises `OSError`."""
        for path in self._paths:
            yield self._head
            at = 0
            while piece := await asyncio.to_thread(_read, path, at):
                yield piece
                at += len(piece)
            yield b"\r\n"
        yield self._tail


def _read(path: Path, at: int) -> bytes:
    """A piece from there on; no file stays open between two pieces, where the sending may end at any time."""
    with path.open("rb") as file:
        file.seek(at)
        return file.read(_PIECE)
