"""Files that appear whole and stay: written beside their place, fsynced, renamed, and their folder fsynced."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.errors import StorageFull

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_file(path: Path, data: bytes | memoryview) -> None:
    """Give `path` this content, whole or not at all; raises `StorageFull`."""
    with partial_file(path) as partial:
        with open(partial, "xb") as file:
            file.write(data)
        commit(partial, path)


@contextmanager
def partial_file(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; the file is gone at the end unless it was renamed. Raises `StorageFull`."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield partial
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull(f"no space left for {path.name}; free space below {path.parent}") from error
        raise
    finally:
        partial.unlink(missing_ok=True)


def commit(partial: Path, path: Path) -> None:
    """Make a written file durable under its final name, on the same file system."""
    with open(partial, "rb+") as file:
        os.fsync(file.fileno())
    os.replace(partial, path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
