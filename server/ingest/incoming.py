"""A still on its way in: a file that grows chunk by chunk, hashed as it grows."""

import errno
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from server.durable import commit
from server.errors import StorageFull
from station.protocol import CHUNK_BYTES, StillOffer

_BLOCK = 1 << 20
_WRITE_BACK = 4 << 20


class Incoming:
    """The partial file of one still; all calls block.

    `received` bytes are in the file and in the hash.
    """

    def __init__(self, path: Path, offer: StillOffer) -> None:
        self.offer = offer
        self.received = 0
        self._path = path
        self._written_back = 0
        self._digest = hashlib.sha256()
        self._file = open(path, "a+b", buffering=0)  # noqa: SIM115  closed by close()

    @classmethod
    def resume(cls, place: Path, offer: StillOffer) -> Self:
        """The still with what an earlier connection left of it.

        The file's name holds the offer's hash, so only the same bytes are continued; they are hashed again, and a
        tail that is no whole chunk is dropped.
        """
        with _full_disk_reported(offer):
            incoming = cls(place.with_name(f"{place.name}.{offer.sha256[:16]}"), offer)
            try:
                incoming._take_what_is_there()
            except BaseException:
                incoming.close()
                raise
            return incoming

    @property
    def complete(self) -> bool:
        """Whether every byte has arrived."""
        return self.received == self.offer.size

    def append(self, parts: Sequence[memoryview]) -> None:
        """Write and hash the next bytes; raises `StorageFull`."""
        with _full_disk_reported(self.offer):
            for part in parts:
                view = part
                self._digest.update(view)
                self.received += view.nbytes
                while view:
                    view = view[self._file.write(view) :]
            if self.received - self._written_back >= _WRITE_BACK:
                self._start_write_back()

    def is_whole(self) -> bool:
        """Whether the bytes have the hash that was offered."""
        return self.complete and self._digest.hexdigest() == self.offer.sha256

    def keep(self, blob: Path) -> None:
        """Make the file durable as `blob`; raises `StorageFull`."""
        self._file.close()
        with _full_disk_reported(self.offer):
            commit(self._path, blob)

    def close(self) -> None:
        """Leave what has arrived for a later connection."""
        self._file.close()

    def discard(self) -> None:
        """Throw away what has arrived."""
        self._file.close()
        self._path.unlink(missing_ok=True)

    def _start_write_back(self) -> None:
        # Linux begins to write dirty pages of the range out, without waiting: the fsync at the end has little left.
        size = self.received - self._written_back
        os.posix_fadvise(self._file.fileno(), self._written_back, size, os.POSIX_FADV_DONTNEED)
        self._written_back = self.received

    def _take_what_is_there(self) -> None:
        size = self._path.stat().st_size
        if size > self.offer.size:
            size = 0
        if size < self.offer.size:
            size -= size % CHUNK_BYTES
        self._file.truncate(size)
        self._file.seek(0)
        while block := self._file.read(_BLOCK):
            self._digest.update(block)
            self.received += len(block)
        self._written_back = self.received


def has_content(path: Path, offer: StillOffer) -> bool:
    """Whether the file holds exactly the bytes that are offered."""
    try:
        if path.stat().st_size != offer.size:
            return False
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == offer.sha256
    except FileNotFoundError:
        return False


def remove_stale(folder: Path, older_than: float) -> int:
    """Delete partial files last written before this time, seconds since 1970; the number of them."""
    stale = [path for path in folder.iterdir() if path.is_file() and path.stat().st_mtime < older_than]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


@contextmanager
def _full_disk_reported(offer: StillOffer) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise StorageFull(f"no space left for a still of {offer.size} bytes") from error
        raise
