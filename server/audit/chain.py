"""The audit trail on disk: files that are only appended to, each record carrying the hash of the one before.

A record is one line: its number, from 1 on, the SHA-256 of the line before in hex, and the message:

    17 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 <AuditMessage>…</AuditMessage>

A file is named for the number of its first record; the chain goes on from file to file. Several processes write to one
trail, one after the other, under a lock.
"""

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from server.durable import sync_folder
from server.errors import AuditUnavailable

START = "0" * 64
"""What the first record of all carries."""
LONGEST_LINE = 1 << 20
_LOCK_LIMIT_S = 5.0
_TAIL = 64 * 1024


@dataclass(frozen=True)
class Head:
    """The newest record: its number and the hash of its line."""

    number: int = 0
    hash: str = START


def trail_files(folder: Path) -> list[Path]:
    """The files of a trail, oldest first."""
    return sorted(folder.glob("audit-*.log"))


def first_number(path: Path) -> int:
    """Number of the first record of a file, by its name."""
    return int(path.stem.removeprefix("audit-"))


def hash_of(line: bytes) -> str:
    """What the record after `line`, given without its line break, carries."""
    return hashlib.sha256(line).hexdigest()


class Chain:
    """Appends records to the trail in a folder; for one thread.

    `torn` makes the message about an unfinished record of so many bytes, left by a crash and taken away.
    """

    def __init__(self, folder: Path, *, file_bytes: int, torn: Callable[[int], bytes]) -> None:
        self._folder = folder
        self._file_bytes = file_bytes
        self._torn = torn
        self._known: tuple[Path, int, Head] | None = None
        """The newest file, its size and the newest record, as this process left them."""

    def append(self, messages: Sequence[bytes]) -> Head:
        """Make records of these messages, durable when it returns; all of them or none.

        Raises `AuditUnavailable` if the disk is full or the folder cannot be written.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with locked(self._folder):
                return self._append(messages)
        except OSError as error:
            self._known = None
            raise AuditUnavailable(
                f"the audit trail in {self._folder} cannot be written: {error.strerror}; "
                "free space or mend the folder: nothing about patients is shown until then"
            ) from error

    def _append(self, messages: Sequence[bytes]) -> Head:
        path, size, head, torn = self._tail()
        lines: list[bytes] = []
        for message in [*([self._torn(torn)] if torn else []), *messages]:
            line = b"%d %s %s" % (head.number + 1, head.hash.encode(), message)
            head = Head(head.number + 1, hash_of(line))
            lines.append(line + b"\n")
        if path is None or size >= self._file_bytes:
            number = head.number - len(lines) + 1
            path, size = self._folder / f"audit-{number:012d}.log", 0
        self._write(path, size, b"".join(lines))
        self._known = path, size + sum(map(len, lines)), head
        return head

    def _write(self, path: Path, size: int, data: bytes) -> None:
        new = not path.exists()
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(descriptor, size)
            raise
        finally:
            os.close(descriptor)
        if new:
            sync_folder(self._folder)

    def _tail(self) -> tuple[Path | None, int, Head, int]:
        """The newest file, its size, the newest record, and the bytes of an unfinished one that were taken away."""
        if self._known is not None:
            path, size, head = self._known
            if path == max(trail_files(self._folder), default=None) and path.stat().st_size == size:
                return path, size, head, 0
        files, torn = trail_files(self._folder), 0
        for path in reversed(files):
            torn += _mend(path)
            if line := last_line(path):
                head = Head(_number(line, path), hash_of(line))
                return files[-1], files[-1].stat().st_size, head, torn
        return (files[-1] if files else None), 0, Head(), torn


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Nobody else appends to the trail meanwhile; raises `OSError`, also when another keeps it for five seconds."""
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        limit = time.monotonic() + _LOCK_LIMIT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > limit:
                    raise
                time.sleep(0.001)
        yield
    finally:
        os.close(descriptor)


def last_line(path: Path) -> bytes:
    """The last whole line of a file without its line break; empty: there is none."""
    with open(path, "rb") as file:
        end = file.seek(0, os.SEEK_END)
        data, at = b"", end
        while at > 0 and data.count(b"\n") < 2:
            at = max(0, at - _TAIL)
            file.seek(at)
            data = file.read(end - at)
    lines = data.split(b"\n")
    return lines[-2] if len(lines) > 1 else b""


def _number(line: bytes, path: Path) -> int:
    number = line.split(b" ", 1)[0]
    if not number.isdigit():
        raise AuditUnavailable(
            f"the audit trail is damaged at the end of {path}: see `dermabooth audit verify`, move its files away to "
            "keep them, and a new trail begins"
        )
    return int(number)


def _mend(path: Path) -> int:
    """Take an unfinished line off the end of a file; its bytes. It was never said to be durable."""
    size = path.stat().st_size
    with open(path, "rb+") as file:
        at, tail = size, b""
        while at > 0 and b"\n" not in tail:
            at = max(0, at - _TAIL)
            file.seek(at)
            tail = file.read(size - at)
        kept = at + tail.rfind(b"\n") + 1
        if kept < size:
            file.truncate(kept)
            os.fsync(file.fileno())
    return size - kept
