"""Files that are whole or absent, whatever the power does."""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path


def write_file(path: Path, parts: Iterable[bytes | memoryview]) -> None:
    """Write a new file, its owner's alone, and make its bytes durable; its name is durable after `sync_folder`."""
    with open(path, "xb", buffering=0, opener=_private) as file:
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[file.write(view) :]
        os.fsync(file.fileno())


def replace_file(path: Path, data: bytes) -> None:
    """Give `path` this content at once, durably."""
    partial = path.with_name(f".new-{path.name}")
    partial.unlink(missing_ok=True)
    try:
        write_file(partial, [data])
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
    sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Make a folder, its owner's alone, and those above it; durable before this returns."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def remove_folder(folder: Path) -> None:
    """Make a folder disappear from its name at once; what cannot be deleted stays as `.gone-NAME`."""
    gone = folder.with_name(f".gone-{folder.name}")
    folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
